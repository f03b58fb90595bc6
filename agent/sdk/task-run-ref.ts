/** Names a task run. */
export interface TaskRunRef {
  id: string;
  name: string;
}

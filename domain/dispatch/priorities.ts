/**
 * Priorities of the queues of a pool.
 *
 * DI7  They are different whole numbers from 1 on; who asks for one that is taken gets it, and as few others as possible move behind.
 */
export interface Ranked {
  id: string;
  priority: number;
}

/** The first priority that no queue has. */
export function freePriority(queues: readonly Ranked[]): number {
  const taken = new Set(queues.map(({ priority }) => priority));
  let free = 1;
  while (taken.has(free)) free += 1;
  return free;
}

/** The queues whose priority changes when `id` gets `priority`, itself among them; also a queue that was not there before. */
export function withPriority(queues: readonly Ranked[], id: string, priority: number): Ranked[] {
  const others = queues.filter((queue) => queue.id !== id).sort((one, other) => one.priority - other.priority);
  const changed: Ranked[] = [{ id, priority }];
  let taken = priority;
  for (const other of others) {
    if (other.priority < priority) continue;
    if (other.priority > taken) break;
    taken = other.priority + 1;
    changed.push({ id: other.id, priority: taken });
  }
  return changed;
}

/** One line that a run wrote. */
import type { Instant } from "./time.ts";

export interface Log {
  id: string;
  /** The logger's name. */
  name: string;
  /** 10 debug, 20 info, 30 warning, 40 error, 50 critical; any other number between and around them. */
  level: number;
  message: string;
  timestamp: Instant;
  flowRunId: string | null;
  taskRunId: string | null;
}

/** Log lines on a terminal: time, level, the run's name, the message. Colour only where somebody sees it. */
import type { LogLine } from "./report/log-line.ts";

export interface Echo {
  line: (line: LogLine) => void;
  /** A sentence of the SDK itself. */
  say: (text: string) => void;
}

/** The part of a stream that is needed. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
}

const DIM = "\u001b[2m";
const COLOURS: readonly [number, string, string][] = [
  [40, "ERROR", "\u001b[31m"],
  [30, "WARN ", "\u001b[33m"],
  [20, "INFO ", ""],
  [0, "DEBUG", DIM],
];
const RESET = "\u001b[0m";

export function createEcho(screen: Screen, runName: string, env: NodeJS.ProcessEnv = process.env): Echo {
  const coloured = screen.isTTY === true && !env.NO_COLOR;
  const paint = (colour: string, text: string) => (coloured && colour !== "" ? `${colour}${text}${RESET}` : text);
  return {
    line: (line) => {
      const [, word, colour] = COLOURS.find(([level]) => line.level >= level) ?? COLOURS[3]!;
      const time = new Date(line.timestamp).toTimeString().slice(0, 8);
      screen.write(`${paint(DIM, `${time} ${runName}`)} ${paint(colour, word)} ${line.message}\n`);
    },
    say: (text) => {
      screen.write(`${paint(DIM, text)}\n`);
    },
  };
}

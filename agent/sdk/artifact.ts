/** Artifacts: what a run leaves for people to look at. Each belongs to the flow run, and to the task run it is made in. */
import { sleep } from "./clock.ts";
import { currentScope, type Scope } from "./scope.ts";

interface Described {
  /** Lowercase letters, digits and dashes; versions of one key are kept as its history. Absent: the artifact stands alone. */
  key?: string;
  description?: string;
}

export interface Artifact {
  readonly id: string;
}

export interface ProgressArtifact extends Artifact {
  /** Moves the bar, 0 to 100. Returns at once; what comes faster than four times a second is drawn together. */
  set(percent: number): void;
  /** The last value is at the API. */
  flushed(): Promise<void>;
}

const KEY = /^[a-z0-9-]+$/;
const REDRAW_MS = 250;

export const artifact = {
  /** Text in Markdown. */
  markdown: ({ markdown, ...rest }: Described & { markdown: string }): Promise<Artifact> =>
    create("markdown", markdown, rest),

  /** Rows with the same fields, or a list of columns. */
  table: ({ rows, ...rest }: Described & { rows: readonly object[] }): Promise<Artifact> =>
    create("table", JSON.stringify(rows), rest),

  /** A link, with another text than itself where one is given. */
  link: ({ link, text, ...rest }: Described & { link: string; text?: string }): Promise<Artifact> =>
    create("markdown", `[${(text ?? link).replaceAll("]", "\\]")}](${encodeURI(decodeSafely(link))})`, rest),

  /** An image by its address. */
  image: ({ url, ...rest }: Described & { url: string }): Promise<Artifact> => create("image", url, rest),

  /** A bar that fills up. */
  progress: async ({ percent = 0, ...rest }: Described & { percent?: number } = {}): Promise<ProgressArtifact> => {
    const scope = required();
    const { id } = await create("progress", checkedPercent(percent), rest);
    return progressBar(id, scope, percent);
  },
};

function progressBar(id: string, scope: Scope, first: number): ProgressArtifact {
  const { session } = scope.flowRun;
  let wanted = first;
  let drawn = first;
  let drawing: Promise<void> | null = null;
  const draw = async () => {
    while (wanted !== drawn) {
      const next = wanted;
      await session.api("PATCH /artifacts/{id}", { params: { id }, body: { data: next } });
      drawn = next;
      if (wanted !== drawn && wanted !== 100) await sleep(REDRAW_MS);
    }
  };
  const start = () => {
    if (drawing) return;
    drawing = draw().finally(() => {
      drawing = null;
    });
    session.also(drawing);
  };
  return {
    id,
    set: (percent) => {
      wanted = checkedPercent(percent);
      start();
    },
    flushed: async () => {
      while (drawing) await drawing.catch(() => {});
    },
  };
}

async function create(type: string, data: unknown, { key, description }: Described): Promise<Artifact> {
  if (key !== undefined && !KEY.test(key)) {
    throw new TypeError(`The artifact key "${key}" may hold lowercase letters, digits and dashes only.`);
  }
  const { flowRun, task } = required();
  const { id } = await flowRun.session.api("POST /artifacts/", {
    body: { type, data, key, description, flow_run_id: flowRun.run.id, task_run_id: task?.id },
  });
  return { id };
}

function required(): Scope {
  const scope = currentScope();
  if (!scope) throw new Error("Artifacts are made in a flow or task: there is no run here that they could belong to.");
  return scope;
}

function checkedPercent(percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new TypeError(`Progress goes from 0 to 100, not to ${percent}.`);
  return percent;
}

function decodeSafely(link: string): string {
  try {
    return decodeURI(link);
  } catch {
    return link;
  }
}

/** Task runs as Prefect's client reports them: three events each, over the websocket `/events/in`. */
import WebSocket from "ws";
import { closedLoop, type Sample, timed } from "../measure.ts";
import { createBody, stateBody } from "../run-bodies.ts";
import { type Target, type WireClient, withClients } from "../target.ts";
import { benchFlow, type Limits, runningRun } from "./runs.ts";

const STATES = ["Pending", "Running", "Completed"] as const;
/** Task runs of one run; a flow with more is rare. */
const TASKS_PER_RUN = 100;
/** Seconds for what was sent to be seen. */
const PATIENCE = 60;

/** Sends the events of `limits.count / 3` task runs over several sockets and waits until all are Completed. */
export async function taskEvents(target: Target, sockets: number, limits: Limits): Promise<Sample> {
  const runs = Math.max(1, Math.round(limits.count / STATES.length / TASKS_PER_RUN));
  const frames: string[][] = Array.from({ length: Math.min(sockets, runs) }, () => []);
  const ids: string[] = [];
  for (let made = 0; made < runs; made++) {
    const { flow, run } = await runningRun(target);
    ids.push(run);
    frames[made % frames.length]?.push(...taskRunEvents(flow, run, TASKS_PER_RUN));
  }
  const open = await Promise.all(frames.map(() => openEvents(target)));
  const count = runs * TASKS_PER_RUN * STATES.length;
  try {
    return await withClients(target, 1, async ([client]) =>
      timed(count, target.pids(), async () => {
        await Promise.all(open.map((socket, index) => sendAll(socket, frames[index] ?? [])));
        await untilCompleted(client as WireClient, ids, runs * TASKS_PER_RUN);
      }),
    );
  } finally {
    for (const socket of open) socket.close();
  }
}

/** A socket of `/events/in`. */
export function openEvents(target: Target): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${target.host}:${target.port}${target.base}/events/in`, "prefect");
    socket.once("error", reject);
    socket.once("close", (code, reason) => reject(new Error(`/events/in was closed: ${code} ${reason}`)));
    socket.once("open", () => {
      socket.once("message", (frame) => {
        if (String(frame).includes("auth_success")) resolve(socket);
        else reject(new Error(`/events/in answered ${frame}`));
      });
      socket.send(JSON.stringify({ type: "auth", token: target.token }));
    });
  });
}

/** Sends the frames and resolves when the server has read them all: a pong after the last one says so. */
export function sendAll(socket: WebSocket, frames: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const frame of frames) socket.send(frame);
    socket.once("pong", () => resolve());
    socket.ping();
  });
}

export async function untilCompleted(client: WireClient, runs: readonly string[], wanted: number): Promise<void> {
  const deadline = performance.now() + PATIENCE * 1000;
  for (;;) {
    const found = await client.json<number>("POST", "/task_runs/count", {
      flow_runs: { id: { any_: runs } },
      task_runs: { state: { type: { any_: ["COMPLETED"] } } },
    });
    if (found === wanted) return;
    if (performance.now() > deadline) throw new Error(`${found} of ${wanted} task runs were seen after ${PATIENCE} s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs with tasks, as a program of Prefect's makes them by itself: three requests, and the events of the tasks in between. */
export async function runsWithTasks(target: Target, clients: number, tasks: number, limits: Limits): Promise<Sample> {
  const sockets = await Promise.all(Array.from({ length: clients }, () => openEvents(target)));
  try {
    return await withClients(target, clients, async (open) => {
      const flow = await benchFlow(target);
      const body = createBody(flow);
      return closedLoop({
        clients,
        ...limits,
        pids: target.pids(),
        async step(client) {
          const wire = open[client] as WireClient;
          const { id } = await wire.json<{ id: string }>("POST", "/flow_runs/", body);
          await wire.call("POST", `/flow_runs/${id}/set_state`, stateBody(id, "RUNNING"));
          await sendAll(sockets[client] as WebSocket, taskRunEvents(flow, id, tasks));
          await wire.call("POST", `/flow_runs/${id}/set_state`, stateBody(id, "COMPLETED"));
        },
      });
    });
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** The events of so many task runs of a run. */
export const taskRunEvents = (flow: string, run: string, tasks: number): string[] =>
  Array.from({ length: tasks }, () => eventsOf(flow, run)).flat();

function eventsOf(flow: string, run: string): string[] {
  const task = crypto.randomUUID();
  const key = crypto.randomUUID();
  let before: { id: string; type: string; name: string } | null = null;
  return STATES.map((name, index) => {
    const id = crypto.randomUUID();
    const type = name.toUpperCase();
    const occurred = new Date(Date.now() + index).toISOString();
    const frame = {
      occurred,
      event: `prefect.task-run.${name}`,
      resource: {
        "prefect.resource.id": `prefect.task-run.${task}`,
        "prefect.resource.name": `add-${key.slice(0, 3)}`,
        "prefect.run-count": index === 0 ? "0" : "1",
        "prefect.state-message": "",
        "prefect.state-name": name,
        "prefect.state-timestamp": occurred,
        "prefect.state-type": type,
        "prefect.orchestration": "client",
      },
      related: [
        {
          "prefect.resource.id": `prefect.flow-run.${run}`,
          "prefect.resource.role": "flow-run",
          "prefect.resource.name": "bench",
        },
        {
          "prefect.resource.id": `prefect.flow.${flow}`,
          "prefect.resource.role": "flow",
          "prefect.resource.name": "bench",
        },
      ],
      payload: {
        intended: { from: before?.type ?? null, to: type },
        initial_state:
          before === null ? null : { type: before.type, name: before.name, message: "", state_details: {} },
        validated_state: { type, name, message: "", state_details: {}, data: null },
        task_run: {
          name: `add-${key.slice(0, 3)}`,
          task_key: "add-1e6989a6",
          dynamic_key: key,
          empirical_policy: { max_retries: 0, retry_delay_seconds: 0, retries: 0, retry_delay: 0 },
          tags: [],
          labels: {},
          task_inputs: { x: [], y: [] },
          run_count: index === 0 ? 0 : 1,
          flow_run_run_count: 1,
          expected_start_time: occurred,
          total_run_time: 0,
        },
      },
      id,
      follows: before?.id ?? null,
    };
    before = { id, type, name };
    return JSON.stringify(frame);
  });
}

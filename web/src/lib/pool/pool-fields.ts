/** What can be said of a pool and of a queue, as forms ask for it. */
import type { JsonObject } from "@millrace/domain/json.ts";

const description: JsonObject = {
  title: "Description",
  anyOf: [{ type: "string", maxLength: 100_000 }, { type: "null" }],
};
const limit = (none: string): JsonObject => ({
  title: "Runs at once",
  anyOf: [{ type: "integer" }, { type: "null" }],
  description: `The most that may be under way. None: ${none}.`,
});

export const POOL_FIELDS: JsonObject = {
  properties: { description, concurrency_limit: limit("as many as there are slots") },
};

export const NEW_POOL: JsonObject = {
  required: ["name"],
  properties: {
    name: { title: "Name", type: "string" },
    type: {
      title: "Type",
      enum: ["process", "docker", "kubernetes"],
      description: "Where its runs are started: a process of the agent's machine, a container, or a pod.",
    },
    description: { title: "Description", type: "string", maxLength: 100_000 },
    concurrency_limit: limit("as many as there are slots"),
  },
};

const priority = {
  title: "Priority",
  type: "integer",
  description: "Runs of the queue with the lowest number go first.",
};

export const QUEUE_FIELDS: JsonObject = {
  properties: { priority, concurrency_limit: limit("as many as the pool allows"), description },
};

export const NEW_QUEUE: JsonObject = {
  required: ["name"],
  properties: {
    name: { title: "Name", type: "string" },
    priority,
    concurrency_limit: limit("as many as the pool allows"),
    description: { title: "Description", type: "string", maxLength: 100_000 },
  },
};

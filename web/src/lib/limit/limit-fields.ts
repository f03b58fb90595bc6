/** What can be said of a limit, as its forms ask for it. */
import type { JsonObject } from "@millrace/domain/json.ts";

const slots = { title: "Slots", type: "integer", description: "How much may go on at once. With 0 nothing may." };
const decay = {
  title: "Slots that come back by themselves, a second",
  type: "number",
  description: "For limits of a rate: 0.5 lets one more begin every two seconds.",
};

export const NEW_LIMIT: JsonObject = {
  required: ["name", "limit"],
  properties: {
    name: { title: "Name", type: "string", description: "Programs ask for slots by this name." },
    limit: slots,
    slot_decay_per_second: decay,
  },
};

export const NEW_TAG_LIMIT: JsonObject = {
  required: ["tag", "concurrency_limit"],
  properties: {
    tag: { title: "Tag", type: "string", description: "Each task run that carries it takes a slot while it runs." },
    concurrency_limit: slots,
  },
};

export const LIMIT_FIELDS: JsonObject = { properties: { limit: slots, slot_decay_per_second: decay } };
export const TAG_LIMIT_FIELDS: JsonObject = { properties: { limit: slots } };

import { expect, test } from "vitest";
import { inputsOf } from "./load-task.ts";

test("[WE67] a task's inputs name the tasks that it waited for, and keep whatever else was said", () => {
  expect(
    inputsOf({
      pages: [
        { input_type: "task_run", id: "a" },
        { input_type: "task_run", id: "b" },
      ],
      locale: [],
      limit: [{ input_type: "parameter", name: "limit" }, null, "x"],
    }),
  ).toEqual([
    { name: "pages", tasks: ["a", "b"], values: [] },
    { name: "locale", tasks: [], values: [] },
    { name: "limit", tasks: [], values: [{ input_type: "parameter", name: "limit" }, null, "x"] },
  ]);
});

/** One HTTP request to a server of this machine: its status and text. Lighter than fetch, whose client costs 20 MB. */
import { request } from "node:http";

export interface Answer {
  status: number;
  text: string;
}

/** Rejects when there is no answer within `seconds`. */
export function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; seconds?: number } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: options.method ?? "GET",
        headers: options.headers ?? {},
        agent: false,
        timeout: (options.seconds ?? 10) * 1000,
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        answer.on("error", reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error(`no answer from ${url}`)));
    call.on("error", reject);
    call.end(options.body);
  });
}

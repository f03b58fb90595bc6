/** The two forms in which a log can be had as a file. */
export const match = (format: string): format is "log" | "jsonl" => format === "log" || format === "jsonl";

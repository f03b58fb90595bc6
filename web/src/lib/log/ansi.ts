/** Terminal colours in log lines. The parser is fetched when the first coloured line comes; most logs have none. */
const ESCAPE = "\u001b";

export const hasAnsi = (message: string): boolean => message.includes(ESCAPE);

/** The words of a coloured message, without its colours. */
export const withoutAnsi = (message: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
  message.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, "");

let parser: Promise<(message: string) => string> | undefined;

/** Makes HTML of coloured text: everything the message itself says is escaped, links are http and https only. */
export function ansiToHtml(): Promise<(message: string) => string> {
  parser ??= import("ansi_up").then(({ AnsiUp }) => (message) => {
    const ansi = new AnsiUp();
    ansi.use_classes = true;
    ansi.escape_html = true;
    ansi.url_allowlist = { http: 1, https: 1 };
    // Colours beyond the sixteen come as styles; in one of the two themes nobody could read them.
    return ansi.ansi_to_html(message).replace(/ style="[^"]*"/g, "");
  });
  return parser;
}

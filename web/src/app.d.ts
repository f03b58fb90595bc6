import type { Look } from "./lib/look.ts";

declare global {
  namespace App {
    interface Locals {
      look: Look;
      /** `Set-Cookie` lines of the API that this answer passes on unchanged. */
      setCookies: string[];
    }
    interface Platform {
      /** What the runtime says of the request. */
      cf?: Record<string, unknown>;
      env: {
        /** The control plane. Absent only where the pages are served beside a network API. */
        API?: { fetch(request: Request): Promise<Response> };
      };
    }
    interface Error {
      message: string;
      /** What the reader can do next. */
      next?: string;
    }
  }
}

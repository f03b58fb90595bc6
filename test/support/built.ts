/** Set-up of every suite that starts the service: the build is there before the first test. */
import { ensureBuilt } from "./build.ts";

export default ensureBuilt;

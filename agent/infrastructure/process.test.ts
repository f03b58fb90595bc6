import { processInfrastructure } from "./process.ts";
import { infrastructureSuite } from "./suite.ts";

infrastructureSuite(
  "[AG1] [AG2] [AG3] [AG4] [AG5] [AG6] [AG7] [AG61] processes of this machine",
  processInfrastructure,
);

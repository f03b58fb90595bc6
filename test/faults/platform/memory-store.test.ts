import { storeSuite } from "../../../durable-objects/kit/store.suite.ts";
import { Disk, MemoryStore } from "./memory-store.ts";

storeSuite("[FA1] the simulation's store", async (work) => {
  const storage = { disk: new Disk() };
  work({ store: new MemoryStore(storage), reopen: () => new MemoryStore(storage) });
});

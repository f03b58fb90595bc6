/** Before each test file inside the Workers runtime: the databases have their tables. */
import { applyD1Migrations } from "cloudflare:test";
import { testEnv } from "./env.ts";

await applyD1Migrations(testEnv.DIRECTORY, testEnv.DIRECTORY_MIGRATIONS);
await applyD1Migrations(testEnv.SHARD_0, testEnv.SHARD_MIGRATIONS);
await applyD1Migrations(testEnv.SHARD_1, testEnv.SHARD_MIGRATIONS);

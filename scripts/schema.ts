/** Writes fairlead.schema.json, the JSON Schema of fairlead.toml for editors. A test fails while it is stale. */
import { join } from "node:path";
import { configJsonSchema } from "../src/config/json-schema.ts";

const path = join(import.meta.dir, "..", "fairlead.schema.json");
await Bun.write(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
// So that the formatter finds nothing to change in it.
Bun.spawnSync([process.execPath, "fmt", path], {
  cwd: join(import.meta.dir, ".."),
  stdio: ["ignore", "ignore", "ignore"],
});

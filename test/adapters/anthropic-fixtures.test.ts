import { DIALECTS } from "./dialects.ts";
import { testFixtures } from "./fixtures.ts";

testFixtures(DIALECTS.anthropic);

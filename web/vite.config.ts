import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [tailwindcss(), sveltekit()],
  // `light-dark()` and nesting stay as written: the pages need them of the browser anyway.
  build: { cssTarget: ["chrome125", "firefox128", "safari17.5"], assetsInlineLimit: 0 },
});

import { sveltekit } from "@sveltejs/kit/vite";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

export default defineConfig(({ command }) => {
  // What is built is for production, whatever the process that builds it is called: a test looks at the same pages as people do.
  if (command === "build") process.env.NODE_ENV = "production";
  return {
    plugins: [tailwindcss(), sveltekit()],
    // `light-dark()` and nesting stay as written: the pages need them of the browser anyway.
    build: { cssTarget: ["chrome125", "firefox128", "safari17.5"], assetsInlineLimit: 0 },
  };
});

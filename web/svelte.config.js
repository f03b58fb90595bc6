import adapter from "@sveltejs/adapter-cloudflare";

/** @type {import("@sveltejs/kit").Config} */
export default {
  kit: {
    adapter: adapter({ config: "wrangler.toml" }),
    // Every script on a page is a file of ours or carries the page's nonce; styles in attributes are how Svelte writes
    // `style:` in HTML. Nothing is loaded from another host but the pictures that flows publish: they are shown without telling
    // their host the page, and can do nothing but be seen.
    csp: {
      mode: "nonce",
      directives: {
        "default-src": ["none"],
        "script-src": ["self"],
        "style-src": ["self"],
        "style-src-attr": ["unsafe-inline"],
        "img-src": ["self", "data:", "https:"],
        "font-src": ["self"],
        "connect-src": ["self"],
        "manifest-src": ["self"],
        "form-action": ["self"],
        "base-uri": ["none"],
        "frame-ancestors": ["none"],
      },
    },
    // A file smaller than this is not worth a request, but in a style it would need `unsafe-inline`: never inline.
    inlineStyleThreshold: 0,
    typescript: {
      config: (config) => ({
        ...config,
        compilerOptions: {
          ...config.compilerOptions,
          strict: true,
          noUncheckedIndexedAccess: true,
          noImplicitOverride: true,
          noFallthroughCasesInSwitch: true,
          erasableSyntaxOnly: true,
          allowImportingTsExtensions: true,
        },
      }),
    },
  },
};

/** The pull step that names a bundle by its hash: `{"millrace.bundle": {"sha256": "…"}}`. */
export const BUNDLE_STEP = "millrace.bundle";

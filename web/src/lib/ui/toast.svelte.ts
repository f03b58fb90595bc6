/** Short messages after an action. The toaster's code is fetched with the first message. */
type Kind = "done" | "failed";

class Toasts {
  /** True once a message was shown: the frame then mounts the toaster. */
  needed = $state(false);

  async show(kind: Kind, title: string, description?: string): Promise<void> {
    this.needed = true;
    const { toast } = await import("svelte-sonner");
    (kind === "done" ? toast.success : toast.error)(title, { description, duration: kind === "done" ? 5000 : 12_000 });
  }
}

export const toasts = new Toasts();

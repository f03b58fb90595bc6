/** The tree of commands. Each is loaded when it is called. */
import type { Group } from "./command.ts";

export const ROOT: Group = {
  description:
    "Millrace: workflows on your own machines, their state on a server.\n\n  millrace login                          connect to a server\n  millrace run flows.ts:hello -p n=3      run a flow here\n  millrace deploy flows.ts --pool default store it for the agents of a pool\n  millrace runs ls                        see what ran",
  commands: {
    login: { description: "Connect to a server and keep the key in a profile", load: () => import("./login.ts") },
    logout: { description: "Forget the key of a profile", load: () => import("./logout.ts") },
    whoami: { description: "Who and where you are", load: () => import("./whoami.ts") },
    profile: {
      description: "Profiles: the servers you work with",
      commands: {
        ls: { description: "List profiles", load: () => import("./profile-ls.ts") },
        use: { description: "Make a profile the active one", load: () => import("./profile-use.ts") },
        rm: { description: "Remove a profile", load: () => import("./profile-rm.ts") },
      },
    },
    run: { description: "Run a flow of a file here and now", load: () => import("./run.ts") },
    deploy: { description: "Store flows and make deployments of them", load: () => import("./deploy.ts") },
    deployment: {
      description: "Deployments: flows that agents run",
      commands: {
        ls: { description: "List deployments", load: () => import("./deployment-ls.ts") },
        run: { description: "Start a run of a deployment", load: () => import("./deployment-run.ts") },
      },
    },
    runs: {
      description: "Flow runs",
      commands: {
        ls: { description: "List runs, newest first", load: () => import("./runs-ls.ts") },
        get: { description: "Show a run with its result", load: () => import("./runs-get.ts") },
        logs: { description: "Show or follow the log of a run", load: () => import("./runs-logs.ts") },
        watch: { description: "Follow a run to its end", load: () => import("./runs-watch.ts") },
        why: { description: "Say why a run does not run", load: () => import("./runs-why.ts") },
        cancel: { description: "Cancel runs", load: () => import("./runs-cancel.ts") },
        retry: { description: "Run ended runs again", load: () => import("./runs-retry.ts") },
      },
    },
    pool: {
      description: "Work pools: where runs wait for an agent",
      commands: {
        ls: { description: "List pools", load: () => import("./pool-ls.ts") },
        create: { description: "Make a pool", load: () => import("./pool-create.ts") },
      },
    },
    agent: {
      description: "Agents: what runs the runs",
      commands: {
        start: { description: "Run an agent on this machine", load: () => import("./agent-start.ts") },
        ls: { description: "List the agents of a pool", load: () => import("./agent-ls.ts") },
      },
    },
    "dead-letters": {
      description: "Runs that could not be brought to their pool",
      commands: {
        ls: { description: "List dead letters", load: () => import("./dead-letters-ls.ts") },
        replay: { description: "Send them to their pools again", load: () => import("./dead-letters-replay.ts") },
        drop: { description: "Drop them", load: () => import("./dead-letters-drop.ts") },
      },
    },
    completion: { description: "Completion for a shell: bash, zsh or fish", load: () => import("./completion.ts") },
    doctor: { description: "Look for what is wrong between here and the server", load: () => import("./doctor.ts") },
  },
};

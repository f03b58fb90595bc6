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
    workspace: {
      description: "Workspaces that your key reaches",
      commands: {
        ls: { description: "List workspaces", load: () => import("./workspace-ls.ts") },
        use: { description: "Make one the one to work with", load: () => import("./workspace-use.ts") },
      },
    },
    open: { description: "Open a page of the web app", load: () => import("./open.ts") },
    run: { description: "Run a flow of a file here and now", load: () => import("./run.ts") },
    deploy: { description: "Store flows and make deployments of them", load: () => import("./deploy.ts") },
    deployment: {
      description: "Deployments: flows that agents run",
      commands: {
        ls: { description: "List deployments", load: () => import("./deployment-ls.ts") },
        run: { description: "Start a run of a deployment", load: () => import("./deployment-run.ts") },
      },
    },
    schedule: {
      description: "When deployments run by themselves",
      commands: {
        ls: { description: "List schedules", load: () => import("./schedule-ls.ts") },
        set: { description: "Give a deployment a schedule", load: () => import("./schedule-set.ts") },
        preview: { description: "Show the next times", load: () => import("./schedule-preview.ts") },
        pause: { description: "Pause schedules", load: () => import("./schedule-pause.ts") },
        resume: { description: "Let schedules go on", load: () => import("./schedule-resume.ts") },
        rm: { description: "Remove a schedule", load: () => import("./schedule-rm.ts") },
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
        rerun: { description: "Start a new run like one there was", load: () => import("./runs-rerun.ts") },
        "set-state": { description: "Propose a state to runs", load: () => import("./runs-set-state.ts") },
        rm: { description: "Delete runs", load: () => import("./runs-rm.ts") },
      },
    },
    pool: {
      description: "Work pools: where runs wait for an agent",
      commands: {
        ls: { description: "List pools", load: () => import("./pool-ls.ts") },
        create: { description: "Make a pool", load: () => import("./pool-create.ts") },
        get: { description: "Show a pool", load: () => import("./pool-get.ts") },
        set: { description: "Change a pool", load: () => import("./pool-set.ts") },
        pause: { description: "Start none of its runs", load: () => import("./pool-pause.ts") },
        resume: { description: "Let it go on", load: () => import("./pool-resume.ts") },
        rm: { description: "Remove pools", load: () => import("./pool-rm.ts") },
      },
    },
    queue: {
      description: "Queues: the lanes of a pool",
      commands: {
        ls: { description: "List queues", load: () => import("./queue-ls.ts") },
        set: { description: "Make or change a queue", load: () => import("./queue-set.ts") },
        pause: { description: "Start none of its runs", load: () => import("./queue-pause.ts") },
        resume: { description: "Let it go on", load: () => import("./queue-resume.ts") },
        rm: { description: "Remove queues", load: () => import("./queue-rm.ts") },
      },
    },
    agent: {
      description: "Agents: what runs the runs",
      commands: {
        start: { description: "Run an agent on this machine", load: () => import("./agent-start.ts") },
        ls: { description: "List the agents of a pool", load: () => import("./agent-ls.ts") },
      },
    },
    variable: {
      description: "Variables: values that flows read",
      commands: {
        ls: { description: "List variables", load: () => import("./variable-ls.ts") },
        get: { description: "Print a value", load: () => import("./variable-get.ts") },
        set: { description: "Give a variable its value", load: () => import("./variable-set.ts") },
        rm: { description: "Remove variables", load: () => import("./variable-rm.ts") },
      },
    },
    secret: {
      description: "Secrets: values that only flows read",
      commands: {
        ls: { description: "List secrets", load: () => import("./secret-ls.ts") },
        set: { description: "Keep a secret", load: () => import("./secret-set.ts") },
        rm: { description: "Remove secrets", load: () => import("./secret-rm.ts") },
      },
    },
    limit: {
      description: "Concurrency limits: how much may go on at once",
      commands: {
        ls: { description: "List limits", load: () => import("./limit-ls.ts") },
        set: { description: "Give a limit its slots", load: () => import("./limit-set.ts") },
        holders: { description: "Say who has its slots", load: () => import("./limit-holders.ts") },
        reset: { description: "Take all its slots back", load: () => import("./limit-reset.ts") },
        rm: { description: "Remove limits", load: () => import("./limit-rm.ts") },
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
    api: { description: "Call the API as it is", load: () => import("./raw-call.ts") },
    completion: { description: "Completion for a shell: bash, zsh or fish", load: () => import("./completion.ts") },
    doctor: { description: "Look for what is wrong between here and the server", load: () => import("./doctor.ts") },
  },
};

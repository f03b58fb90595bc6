/**
 * The types of work pools, with the jobs that they start and the variables of those. Names and shapes are those of Prefect's workers,
 * which read their settings out of a job by them.
 */
import type { JsonObject } from "@millrace/domain/json.ts";
import { CLOUD_TYPES } from "./cloud-pool-types.ts";
import { COMMON, flag, list, type PoolType, text, variable } from "./pool-type.ts";

const TYPES: readonly PoolType[] = [
  {
    type: "process",
    collection: "prefect",
    name: "Process",
    description: "Each flow run in a process of its own, on the machine of the agent or worker.",
    install: "pip install prefect",
    variables: {
      ...COMMON,
      stream_output: variable("Stream Output", "Whether the worker shows what the process prints.", flag(true)),
      working_dir: variable("Working Directory", "The folder in which the process starts; otherwise one made for it.", {
        anyOf: [{ type: "string", format: "path" }, { type: "null" }],
        default: null,
      }),
    },
  },
  {
    type: "docker",
    collection: "prefect-docker",
    name: "Docker",
    description: "Each flow run in a container of its own, on the worker's Docker host.",
    install: "pip install prefect-docker",
    variables: {
      ...COMMON,
      image: variable("Image", "The image of the containers; one that fits the worker's version otherwise.", text()),
      image_pull_policy: variable("Image Pull Policy", "When the image is fetched.", {
        anyOf: [{ type: "string", enum: ["IfNotPresent", "Always", "Never"] }, { type: "null" }],
        default: null,
      }),
      networks: variable("Networks", "Docker networks that a container joins.", {
        type: "array",
        items: { type: "string" },
      }),
      network_mode: variable("Network Mode", "The network mode of a container; not together with networks.", text()),
      auto_remove: variable("Auto Remove", "Whether containers are removed when they have ended.", flag(false)),
      volumes: variable("Volumes", "What is mounted, as host-path:container-path:mode.", {
        type: "array",
        items: { type: "string" },
      }),
      stream_output: variable("Stream Output", "Whether the worker shows what a container prints.", flag(true)),
      mem_limit: variable("Memory Limit", "Most memory of a container, such as 512m or 2g.", text()),
      memswap_limit: variable("Swap Limit", "Most memory and swap together.", text()),
      privileged: variable("Privileged", "Whether containers have the rights of the host.", flag(false)),
      container_create_kwargs: variable("Container Settings", "More settings of the containers.", {
        anyOf: [{ type: "object", additionalProperties: true }, { type: "null" }],
        default: null,
      }),
    },
  },
  {
    type: "kubernetes",
    collection: "prefect-kubernetes",
    name: "Kubernetes",
    description: "Each flow run in a job of its own, in a Kubernetes cluster.",
    install: "pip install prefect-kubernetes",
    variables: {
      ...COMMON,
      namespace: variable("Namespace", "The namespace of the jobs.", { type: "string", default: "default" }),
      image: variable("Image", "The image of the jobs; one that fits the worker's version otherwise.", text()),
      service_account_name: variable("Service Account Name", "The account under which jobs run.", text()),
      image_pull_policy: variable("Image Pull Policy", "When the image is fetched.", {
        type: "string",
        enum: ["IfNotPresent", "Always", "Never"],
        default: "IfNotPresent",
      }),
      backoff_limit: variable("Backoff Limit", "How often Kubernetes starts a job anew.", {
        type: "integer",
        minimum: 0,
        default: 0,
      }),
      finished_job_ttl: variable("Finished Job TTL", "Seconds for which an ended job is kept; otherwise for good.", {
        anyOf: [{ type: "integer" }, { type: "null" }],
        default: null,
      }),
      job_watch_timeout_seconds: variable("Job Watch Timeout", "Seconds for which a job is waited for.", {
        anyOf: [{ type: "integer" }, { type: "null" }],
        default: null,
      }),
      pod_watch_timeout_seconds: variable("Pod Watch Timeout", "Seconds within which a pod has to be there.", {
        type: "integer",
        default: 60,
      }),
      stream_output: variable("Stream Output", "Whether the worker shows what a job prints.", flag(true)),
      cluster_config: variable("Cluster Config", "The cluster, where it is not the worker's own.", {
        anyOf: [{ type: "object", additionalProperties: true }, { type: "null" }],
        default: null,
      }),
      image_pull_secrets: variable(
        "Image Pull Secrets",
        "Names of the secrets by which the image is fetched.",
        list({ type: "string" }),
      ),
    },
    job: {
      command: "{{ command }}",
      env: "{{ env }}",
      labels: "{{ labels }}",
      name: "{{ name }}",
      namespace: "{{ namespace }}",
      job_manifest: {
        kind: "Job",
        apiVersion: "batch/v1",
        metadata: { labels: "{{ labels }}", namespace: "{{ namespace }}", generateName: "{{ name }}-" },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  env: "{{ env }}",
                  args: "{{ command }}",
                  name: "prefect-job",
                  image: "{{ image }}",
                  imagePullPolicy: "{{ image_pull_policy }}",
                },
              ],
              completions: 1,
              parallelism: 1,
              restartPolicy: "Never",
              serviceAccountName: "{{ service_account_name }}",
              imagePullSecrets: "{{ image_pull_secrets }}",
            },
          },
          backoffLimit: "{{ backoff_limit }}",
          ttlSecondsAfterFinished: "{{ finished_job_ttl }}",
        },
      },
      stream_output: "{{ stream_output }}",
      cluster_config: "{{ cluster_config }}",
      job_watch_timeout_seconds: "{{ job_watch_timeout_seconds }}",
      pod_watch_timeout_seconds: "{{ pod_watch_timeout_seconds }}",
    },
  },
  ...CLOUD_TYPES,
];

/** The base job template of a type. */
const templateOf = ({ variables, required, job }: PoolType): JsonObject => ({
  job_configuration: job ?? Object.fromEntries(Object.keys(variables).map((name) => [name, `{{ ${name} }}`])),
  variables: {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(variables).map(([name, { title, description, schema }]) => [
        name,
        { title, description, ...schema },
      ]),
    ),
    ...(required && { required: [...required] }),
  },
});

const metadataOf = (one: PoolType): JsonObject => ({
  type: one.type,
  display_name: one.name,
  description: one.description,
  default_base_job_configuration: templateOf(one),
  documentation_url: "https://docs.prefect.io/v3/concepts/work-pools",
  install_command: one.install,
  is_beta: false,
  logo_url: "",
});

/** By collection and type. */
export const WORKERS: JsonObject = (() => {
  const collections: { [collection: string]: JsonObject } = {};
  for (const one of TYPES)
    collections[one.collection] = { ...collections[one.collection], [one.type]: metadataOf(one) };
  return collections;
})();

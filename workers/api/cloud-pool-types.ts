/**
 * Types of work pools whose runs a cloud provider starts. Their workers read the settings out of a job by these names; what they hold
 * is the provider's.
 */
import type { JsonObject } from "@millrace/domain/json.ts";
import { COMMON, flag, list, type PoolType, text, texts, variable } from "./pool-type.ts";

const whole = (fallback: number): JsonObject => ({ type: "integer", default: fallback });
const maybeWhole: JsonObject = { anyOf: [{ type: "integer" }, { type: "null" }], default: null };
const seconds = (fallback: number): JsonObject => ({ type: "number", default: fallback });
/** What a block holds, or a reference to one: `{"$ref": {"block_document_id": …}}`. */
const block: JsonObject = { anyOf: [{ type: "object", additionalProperties: true }, { type: "null" }], default: null };
const needed: JsonObject = { type: "string" };
const said = (fallback: string): JsonObject => ({ type: "string", default: fallback });

const IMAGE = variable("Image", "The image of the container; one that fits the worker's version otherwise.", text());
const STREAM = variable("Stream Output", "Whether the worker shows what the container prints.", flag(false));
const START_WITHIN = (fallback: number) =>
  variable("Task Start Timeout Seconds", "Seconds within which the container has to be there.", whole(fallback));
const POLL = variable("Task Watch Poll Interval", "Seconds between two looks at a container.", seconds(5));
const REGION = variable("Region", "Where the containers run.", said("us-central1"));
const GCP = variable("GCP Credentials", "The credentials; those of the worker's machine otherwise.", block);
const GCP_ACCOUNT = variable("Service Account Name", "The account under which the container runs.", text());
const KEEP = variable("Keep Job After Completion", "Whether a job that has ended is kept.", flag(false));
const CONNECTOR = variable("VPC Connector Name", "The connector into a private network.", text());

const base = { command: "{{ command }}", env: "{{ env }}", labels: "{{ labels }}", name: "{{ name }}" };
/** Settings that stand in a job under their own names. */
const named = (...names: string[]): JsonObject => Object.fromEntries(names.map((name) => [name, `{{ ${name} }}`]));

export const CLOUD_TYPES: readonly PoolType[] = [
  {
    type: "ecs",
    collection: "prefect-aws",
    name: "AWS Elastic Container Service",
    description: "Each flow run in a task of its own, on a cluster of ECS.",
    install: "pip install prefect-aws",
    variables: {
      ...COMMON,
      task_definition_arn: variable("Task Definition Arn", "A task definition that is there already.", text()),
      aws_credentials: variable("AWS Credentials", "The credentials; those of the worker's machine otherwise.", block),
      cluster: variable("Cluster", "The cluster; the account's default one otherwise.", text()),
      family: variable("Family", "The family of task definitions that the worker makes.", text()),
      launch_type: variable("Launch Type", "On what tasks run.", {
        ...{ type: "string", enum: ["FARGATE", "EC2", "EXTERNAL", "FARGATE_SPOT"], default: "FARGATE" },
      }),
      capacity_provider_strategy: variable(
        "Capacity Provider Strategy",
        "Providers of capacity with their weights, instead of a launch type.",
        { type: "array", items: { type: "object", additionalProperties: true } },
      ),
      image: IMAGE,
      cpu: variable("CPU", "Units of processor time, 1024 to a processor.", maybeWhole),
      memory: variable("Memory", "Megabytes of memory.", maybeWhole),
      container_name: variable("Container Name", "What the flow's container is called.", text()),
      task_role_arn: variable("Task Role ARN", "The role that a task has.", text()),
      execution_role_arn: variable("Execution Role ARN", "The role that starts a task.", text()),
      vpc_id: variable("VPC ID", "The network of the tasks; the account's default one otherwise.", text()),
      configure_cloudwatch_logs: variable("Configure Cloudwatch Logs", "Whether output goes to CloudWatch.", {
        anyOf: [{ type: "boolean" }, { type: "null" }],
        default: null,
      }),
      cloudwatch_logs_options: variable("Cloudwatch Logs Options", "More of how it does.", texts),
      cloudwatch_logs_prefix: variable("Cloudwatch Logs Prefix", "What names of streams begin with.", text()),
      network_configuration: variable("Network Configuration", "The network of the tasks, as ECS wants it.", {
        type: "object",
        additionalProperties: true,
      }),
      stream_output: STREAM,
      task_start_timeout_seconds: START_WITHIN(300),
      task_watch_poll_interval: POLL,
      auto_deregister_task_definition: variable(
        "Auto Deregister Task Definition",
        "Whether task definitions that the worker made are given up after a run.",
        flag(false),
      ),
      match_latest_revision_in_family: variable(
        "Match Latest Revision In Family",
        "Whether the newest definition of the family is used where it says the same.",
        flag(false),
      ),
    },
    job: {
      ...base,
      ...named("aws_credentials", "configure_cloudwatch_logs", "cloudwatch_logs_options", "cloudwatch_logs_prefix"),
      ...named("network_configuration", "stream_output", "task_start_timeout_seconds", "task_watch_poll_interval"),
      ...named("auto_deregister_task_definition", "vpc_id", "container_name", "cluster"),
      ...named("match_latest_revision_in_family"),
      task_definition: {
        containerDefinitions: [{ image: "{{ image }}", name: "{{ container_name }}" }],
        ...named("cpu", "family", "memory"),
        executionRoleArn: "{{ execution_role_arn }}",
      },
      task_run_request: {
        launchType: "{{ launch_type }}",
        cluster: "{{ cluster }}",
        overrides: {
          containerOverrides: [
            {
              name: "{{ container_name }}",
              environment: "{{ env }}",
              ...named("command", "cpu", "memory"),
            },
          ],
          ...named("cpu", "memory"),
          taskRoleArn: "{{ task_role_arn }}",
        },
        tags: "{{ labels }}",
        taskDefinition: "{{ task_definition_arn }}",
        capacityProviderStrategy: "{{ capacity_provider_strategy }}",
      },
    },
  },
  {
    type: "azure-container-instance",
    collection: "prefect-azure",
    name: "Azure Container Instances",
    description: "Each flow run in a container of its own, on Azure.",
    install: "pip install prefect-azure",
    required: ["resource_group_name", "subscription_id"],
    variables: {
      ...COMMON,
      image: IMAGE,
      resource_group_name: variable("Azure Resource Group Name", "The group to which containers belong.", needed),
      subscription_id: variable("Azure Subscription ID", "Who pays for them.", {
        ...needed,
        format: "password",
        writeOnly: true,
      }),
      identities: variable("Identities", "Identities that a container has.", list(needed)),
      entrypoint: variable("Entrypoint", "What the container begins with.", said("/opt/prefect/entrypoint.sh")),
      image_registry: variable("Image Registry (Optional)", "How the image is fetched.", block),
      cpu: variable("CPU", "Processors.", { type: "number", default: 1 }),
      gpu_count: variable("GPU Count", "Graphics processors.", maybeWhole),
      gpu_sku: variable("GPU SKU", "Of which kind those are.", text()),
      memory: variable("Memory", "Gigabytes of memory.", { type: "number", default: 1 }),
      subnet_ids: variable("Subnet IDs", "Networks that the container joins.", list(needed)),
      dns_servers: variable("DNS Servers", "Who answers for names there.", list(needed)),
      aci_credentials: variable("Aci Credentials", "The credentials; the worker's own otherwise.", block),
      stream_output: STREAM,
      task_start_timeout_seconds: START_WITHIN(240),
      task_watch_poll_interval: POLL,
    },
    job: {
      ...base,
      ...named("image", "resource_group_name", "subscription_id", "identities", "entrypoint", "image_registry", "cpu"),
      ...named("gpu_count", "gpu_sku", "memory", "subnet_ids", "dns_servers", "stream_output", "aci_credentials"),
      ...named("task_start_timeout_seconds", "task_watch_poll_interval"),
      arm_template: {
        $schema: "https://schema.management.azure.com/schemas/2019-08-01/deploymentTemplate.json#",
        contentVersion: "1.0.0.0",
        parameters: {
          location: { type: "string", defaultValue: "[resourceGroup().location]" },
          container_group_name: { type: "string", defaultValue: "[uniqueString(resourceGroup().id)]" },
          container_name: { type: "string", defaultValue: "[uniqueString(resourceGroup().id)]" },
        },
        resources: [
          {
            type: "Microsoft.ContainerInstance/containerGroups",
            apiVersion: "2022-09-01",
            name: "[parameters('container_group_name')]",
            location: "[parameters('location')]",
            properties: {
              containers: [
                {
                  name: "[parameters('container_name')]",
                  properties: {
                    ...named("image", "command"),
                    resources: { requests: { cpu: "{{ cpu }}", memoryInGB: "{{ memory }}" } },
                    environmentVariables: [],
                  },
                },
              ],
              osType: "Linux",
              restartPolicy: "Never",
            },
          },
        ],
      },
    },
  },
  {
    type: "cloud-run",
    collection: "prefect-gcp",
    name: "Google Cloud Run",
    description: "Each flow run in a job of its own, on Cloud Run, by its first API.",
    install: "pip install prefect-gcp",
    variables: {
      ...COMMON,
      region: REGION,
      credentials: GCP,
      image: IMAGE,
      cpu: variable("CPU", "Processors, in thousandths: 1000m is one.", text()),
      memory: variable("Memory", "Memory, such as 512Mi.", text()),
      vpc_connector_name: CONNECTOR,
      service_account_name: GCP_ACCOUNT,
      keep_job: KEEP,
      timeout: variable("Job Timeout", "Seconds that a job may take.", { ...whole(600), minimum: 1, maximum: 3600 }),
    },
    job: {
      ...base,
      ...named("region", "credentials", "timeout", "keep_job"),
      job_body: {
        apiVersion: "run.googleapis.com/v1",
        kind: "Job",
        metadata: { name: "{{ name }}", annotations: { "run.googleapis.com/launch-stage": "BETA" } },
        spec: {
          template: {
            spec: {
              template: {
                spec: {
                  containers: [
                    {
                      ...named("image", "command"),
                      resources: { limits: named("cpu", "memory"), requests: named("cpu", "memory") },
                    },
                  ],
                  timeoutSeconds: "{{ timeout }}",
                  serviceAccountName: "{{ service_account_name }}",
                },
              },
            },
            metadata: { annotations: { "run.googleapis.com/vpc-access-connector": "{{ vpc_connector_name }}" } },
          },
        },
      },
    },
  },
  {
    type: "cloud-run-v2",
    collection: "prefect-gcp",
    name: "Google Cloud Run V2",
    description: "Each flow run in a job of its own, on Cloud Run.",
    install: "pip install prefect-gcp",
    variables: {
      ...COMMON,
      credentials: GCP,
      region: REGION,
      image: variable("Image Name", "The image of the container.", said("prefecthq/prefect:3-latest")),
      args: variable("Args", "What the command is given.", { type: "array", items: needed }),
      keep_job: KEEP,
      launch_stage: variable("Launch Stage", "The stage of the features that are used.", {
        ...said("BETA"),
        enum: [
          ...["ALPHA", "BETA", "GA", "DEPRECATED", "EARLY_ACCESS", "PRELAUNCH", "UNIMPLEMENTED"],
          "LAUNCH_TAG_UNSPECIFIED",
        ],
      }),
      max_retries: variable("Max Retries", "How often Cloud Run starts a job anew.", whole(0)),
      cpu: variable("CPU", "Processors, in thousandths.", said("1000m")),
      memory: variable("Memory", "Memory, such as 512Mi.", said("512Mi")),
      timeout: variable("Job Timeout", "Seconds that a job may take.", { ...whole(600), minimum: 1, maximum: 604_800 }),
      vpc_connector_name: CONNECTOR,
      service_account_name: GCP_ACCOUNT,
    },
    job: {
      ...base,
      ...named("credentials", "keep_job", "region", "timeout"),
      job_body: {
        client: "prefect",
        launchStage: "{{ launch_stage }}",
        template: {
          template: {
            serviceAccount: "{{ service_account_name }}",
            maxRetries: "{{ max_retries }}",
            timeout: "{{ timeout }}",
            vpcAccess: { connector: "{{ vpc_connector_name }}" },
            containers: [
              { env: [], ...named("image", "command", "args"), resources: { limits: named("cpu", "memory") } },
            ],
          },
        },
      },
    },
  },
  {
    type: "vertex-ai",
    collection: "prefect-gcp",
    name: "Google Vertex AI",
    description: "Each flow run in a custom job of its own, on Vertex AI.",
    install: "pip install prefect-gcp",
    required: ["region", "image"],
    variables: {
      ...COMMON,
      region: variable("Region", "Where the jobs run.", needed),
      image: variable("Image Name", "The image of the container.", needed),
      credentials: GCP,
      machine_type: variable("Machine Type", "The kind of machine.", said("n1-standard-4")),
      accelerator_type: variable("Accelerator Type", "The kind of accelerator.", text()),
      accelerator_count: variable("Accelerator Count", "How many of those.", maybeWhole),
      boot_disk_type: variable("Boot Disk Type", "The kind of disk.", said("pd-ssd")),
      boot_disk_size_gb: variable("Boot Disk Size (GB)", "Gigabytes of it.", whole(100)),
      maximum_run_time_hours: variable("Maximum Run Time (Hours)", "Hours that a job may take.", whole(1)),
      network: variable("Network", "The network of the jobs.", text()),
      reserved_ip_ranges: variable("Reserved IP Ranges", "Addresses of that network for the jobs.", list(needed)),
      service_account_name: GCP_ACCOUNT,
      job_watch_poll_interval: variable("Poll Interval (Seconds)", "Seconds between two looks at a job.", seconds(5)),
    },
    job: {
      ...base,
      ...named("region", "credentials", "job_watch_poll_interval"),
      job_spec: {
        ...named("service_account_name", "network", "reserved_ip_ranges", "maximum_run_time_hours"),
        worker_pool_specs: [
          {
            replica_count: 1,
            container_spec: { image_uri: "{{ image }}", command: "{{ command }}", args: [] },
            machine_spec: named("machine_type", "accelerator_type", "accelerator_count"),
            disk_spec: named("boot_disk_type", "boot_disk_size_gb"),
          },
        ],
      },
    },
  },
];

/**
 * The settings of a Prefect server and its clients, with the values that hold here: what programs of their own decide has the value
 * that they begin with, what this service has no such thing for is null or off.
 */
import { z } from "zod";

export const SETTINGS = {
  home: null,
  profiles_path: null,
  debug_mode: false,
  api: {
    url: null,
    auth_string: null,
    key: null,
    tls_insecure_skip_verify: false,
    ssl_cert_file: null,
    enable_http2: false,
    request_timeout: 60,
  },
  cli: {
    colors: true,
    prompt: null,
    wrap_lines: true,
  },
  client: {
    max_retries: 5,
    retry_jitter_factor: 0.2,
    retry_extra_codes: null,
    csrf_support_enabled: true,
    custom_headers: null,
    server_version_check_enabled: true,
    metrics: {
      enabled: false,
      port: 4201,
    },
  },
  cloud: {
    api_url: null,
    enable_orchestration_telemetry: true,
    max_log_size: 25000,
    ui_url: null,
  },
  deployments: {
    clear_schedules_on_empty: false,
    default_work_pool_name: null,
    default_docker_build_namespace: null,
  },
  events: {
    worker_max_queue_size: 0,
  },
  experiments: {
    warn: true,
  },
  flows: {
    heartbeat_frequency: 180,
    default_retries: 0,
    default_retry_delay_seconds: 0,
  },
  internal: {
    logging_level: "ERROR",
  },
  logging: {
    level: "INFO",
    config_path: null,
    extra_loggers: null,
    log_prints: false,
    colors: true,
    markup: false,
    to_api: {
      enabled: true,
      batch_interval: 2,
      batch_size: 4000000,
      max_log_size: 1000000,
      when_missing_flow: "warn",
    },
  },
  plugins: {
    enabled: false,
    allow: null,
    deny: null,
    setup_timeout_seconds: 20,
    strict: false,
    safe_mode: false,
  },
  results: {
    default_serializer: "pickle",
    persist_by_default: false,
    default_storage_block: null,
    local_storage_path: null,
  },
  runner: {
    process_limit: 5,
    poll_frequency: 10,
    crash_on_cancellation_failure: false,
    auto_install_dependencies: false,
    server: {
      enable: false,
      host: "localhost",
      port: 8080,
      log_level: "ERROR",
      missed_polls_tolerance: 2,
    },
  },
  server: {
    logging_level: "WARNING",
    analytics_enabled: false,
    metrics_enabled: false,
    log_retryable_errors: false,
    register_blocks_on_start: false,
    memoize_block_auto_registration: false,
    memo_store_path: null,
    deployment_schedule_max_scheduled_runs: 100,
    api: {
      auth_string: null,
      host: null,
      port: null,
      base_path: null,
      default_limit: 200,
      keepalive_timeout: 5,
      csrf_protection_enabled: false,
      csrf_token_expiration: "PT1H",
      cors_allowed_origins: "",
      cors_allowed_methods: "",
      cors_allowed_headers: "",
      websocket_ping_interval: 20,
      websocket_ping_timeout: 20,
      max_parameter_size: 5242880,
    },
    concurrency: {
      lease_storage: "durable-object",
      initial_deployment_lease_duration: 300,
      maximum_concurrency_slot_wait_seconds: 30,
    },
    database: {
      sqlalchemy: {
        connect_args: {
          application_name: null,
          search_path: null,
          statement_cache_size: null,
          prepared_statement_cache_size: null,
          tls: {
            enabled: false,
            ca_file: null,
            cert_file: null,
            key_file: null,
            check_hostname: true,
          },
        },
        pool_size: 5,
        pool_recycle: 3600,
        pool_timeout: 30,
        max_overflow: 10,
      },
      connection_url: null,
      driver: null,
      host: null,
      port: null,
      user: null,
      name: null,
      password: null,
      echo: false,
      migrate_on_start: true,
      timeout: 10,
      connection_timeout: 5,
      migration_timeout: null,
    },
    deployments: {
      concurrency_slot_wait_seconds: 30,
    },
    docket: {
      name: "durable-object-alarms",
      url: null,
    },
    ephemeral: {
      enabled: false,
      startup_timeout_seconds: 20,
    },
    events: {
      stream_out_enabled: true,
      related_resource_cache_ttl: "PT5M",
      maximum_labels_per_resource: 500,
      maximum_related_resources: 100,
      maximum_size_bytes: 1500000,
      expired_bucket_buffer: "PT1M",
      proactive_granularity: "PT5S",
      retention_period: null,
      maximum_websocket_backfill: "PT15M",
      websocket_backfill_page_size: 250,
      messaging_broker: "durable-object",
      messaging_cache: "durable-object",
      causal_ordering: "durable-object",
      maximum_event_name_length: 1024,
    },
    flow_run_graph: {
      max_nodes: 10000,
      max_artifacts: 10000,
    },
    logs: {
      stream_out_enabled: true,
      stream_publishing_enabled: true,
    },
    services: {
      cancellation_cleanup: {
        enabled: true,
        loop_seconds: 20,
        cancelling_timeout_seconds: 300,
      },
      db_vacuum: {
        enabled: false,
        loop_seconds: 3600,
        orphan_cleanup_loop_seconds: 86400,
        retention_period: "P90D",
        batch_size: 200,
        event_retention_overrides: {
          "prefect.flow-run.heartbeat": "P7D",
        },
      },
      event_persister: {
        enabled: true,
        batch_size: 20,
        read_batch_size: 1,
        flush_interval: 5,
        queue_max_size: 50000,
        max_flush_retries: 5,
      },
      event_logger: {
        enabled: false,
      },
      foreman: {
        enabled: true,
        loop_seconds: 15,
        inactivity_heartbeat_multiple: 3,
        fallback_heartbeat_interval_seconds: 30,
        deployment_last_polled_timeout_seconds: 60,
        work_queue_last_polled_timeout_seconds: 60,
      },
      late_runs: {
        enabled: true,
        loop_seconds: 5,
        after_seconds: "PT15S",
      },
      scheduler: {
        enabled: true,
        loop_seconds: 60,
        deployment_batch_size: 100,
        max_runs: 100,
        min_runs: 3,
        max_scheduled_time: "P100D",
        min_scheduled_time: "PT1H",
        insert_batch_size: 500,
        recent_deployments_loop_seconds: 5,
      },
      pause_expirations: {
        enabled: true,
        loop_seconds: 5,
      },
      repossessor: {
        enabled: true,
        loop_seconds: 15,
      },
      cleanup_reconciler: {
        enabled: true,
        loop_seconds: 5,
        batch_size: 100,
      },
      task_run_recorder: {
        enabled: true,
        read_batch_size: 1,
        batch_size: 1,
        flush_interval: 5,
      },
      triggers: {
        enabled: false,
        read_batch_size: 1,
        pg_notify_reconnect_interval_seconds: 10,
        pg_notify_heartbeat_interval_seconds: 5,
      },
    },
    tasks: {
      tag_concurrency_slot_wait_seconds: 10,
      max_cache_key_length: 2000,
      scheduling: {
        max_scheduled_queue_size: 10000,
        max_retry_queue_size: 100,
        pending_task_timeout: "PT0S",
      },
    },
    ui: {
      enabled: true,
      v2_enabled: false,
      api_url: null,
      serve_base: "/",
      static_directory: null,
      show_promotional_content: false,
    },
    worker_channel: {
      cleanup_queue_storage: "durable-object",
      cleanup_lease_seconds: 30,
      cleanup_max_delivery_attempts: 3,
      cleanup_completed_idempotency_retention_seconds: null,
    },
  },
  tasks: {
    refresh_cache: false,
    default_no_cache: false,
    disable_caching: false,
    default_retries: 0,
    default_retry_delay_seconds: 0,
    default_persist_result: null,
    runner: {
      thread_pool_max_workers: null,
      process_pool_max_workers: null,
    },
    scheduling: {
      default_storage_block: null,
      delete_failed_submissions: true,
    },
  },
  telemetry: {
    enable_resource_metrics: true,
    resource_metrics_interval_seconds: 10,
  },
  testing: {
    test_mode: false,
    unit_test_mode: false,
    unit_test_loop_debug: true,
    test_setting: null,
  },
  worker: {
    debug_mode: false,
    heartbeat_seconds: 30,
    query_seconds: 10,
    prefetch_seconds: 10,
    enable_cancellation: false,
    cancellation_poll_seconds: 120,
    webserver: {
      host: "0.0.0.0",
      port: 8080,
    },
  },
  ui_url: null,
  silence_api_url_misconfiguration: false,
};

/** A schema that says what a value looks like. */
const shapeOf = (value: unknown): z.ZodType => {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return z.object(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)])));
  return z.unknown();
};

export const SettingsOut = shapeOf(SETTINGS);

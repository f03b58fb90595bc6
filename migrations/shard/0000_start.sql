CREATE TABLE `artifacts` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`key` text,
	`type` text,
	`description` text,
	`data` text NOT NULL,
	`metadata` text,
	`flow_run_id` text,
	`task_run_id` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `artifacts_flow_run` ON `artifacts` (`workspace_id`,`flow_run_id`);--> statement-breakpoint
CREATE INDEX `artifacts_key` ON `artifacts` (`workspace_id`,`key`,`created`);--> statement-breakpoint
CREATE TABLE `deployments` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`flow_id` text NOT NULL,
	`name` text NOT NULL,
	`version` text,
	`description` text,
	`path` text,
	`entrypoint` text,
	`pull_steps` text,
	`parameters` text NOT NULL,
	`parameter_schema` text,
	`enforce_parameter_schema` integer NOT NULL,
	`job_variables` text NOT NULL,
	`tags` text NOT NULL,
	`labels` text NOT NULL,
	`work_pool_id` text,
	`work_queue_name` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `deployments_name` ON `deployments` (`workspace_id`,`flow_id`,`name`);--> statement-breakpoint
CREATE TABLE `event_batches` (
	`workspace_id` text NOT NULL,
	`received` integer NOT NULL,
	`id` text NOT NULL,
	`earliest` integer NOT NULL,
	`latest` integer NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `received`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `flow_runs` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`version` integer NOT NULL,
	`flow_id` text NOT NULL,
	`deployment_id` text,
	`work_pool_id` text,
	`work_pool_name` text,
	`work_queue_id` text,
	`work_queue_name` text,
	`parent_task_run_id` text,
	`parent_flow_run_id` text,
	`name` text NOT NULL,
	`tags` text NOT NULL,
	`flow_version` text,
	`idempotency_key` text,
	`created_by` text,
	`state_type` text,
	`state_name` text,
	`expected_start_time` integer,
	`next_scheduled_start_time` integer,
	`start_time` integer,
	`end_time` integer,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	`task_run_ids` text NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `flow_runs_expected` ON `flow_runs` (`workspace_id`,`expected_start_time`);--> statement-breakpoint
CREATE INDEX `flow_runs_live` ON `flow_runs` (`created`) WHERE state_type IN ('SCHEDULED','PENDING','RUNNING','PAUSED','CANCELLING');--> statement-breakpoint
CREATE TABLE `flows` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`tags` text NOT NULL,
	`labels` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `flows_name` ON `flows` (`workspace_id`,`name`);--> statement-breakpoint
CREATE TABLE `work_pools` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`type` text NOT NULL,
	`base_job_template` text NOT NULL,
	`is_paused` integer NOT NULL,
	`concurrency_limit` integer,
	`default_queue_id` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `work_pools_name` ON `work_pools` (`workspace_id`,`name`);
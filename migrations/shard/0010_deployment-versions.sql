CREATE TABLE `deployment_versions` (
	`workspace_id` text NOT NULL,
	`deployment_id` text NOT NULL,
	`id` text NOT NULL,
	`version` text,
	`version_info` text,
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
	`last_active` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `deployment_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `saved_searches` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`filters` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `saved_searches_name` ON `saved_searches` (`workspace_id`,`name`);--> statement-breakpoint
CREATE TABLE `workspace_settings` (
	`workspace_id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `deployments` ADD `version_id` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `branch` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `base` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `root` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `ready` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `deployments_ready` ON `deployments` (`last_polled`) WHERE ready IN (1, 3);
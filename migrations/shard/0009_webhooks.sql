CREATE TABLE `webhook_deliveries` (
	`workspace_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`id` text NOT NULL,
	`received` integer NOT NULL,
	`verdict` text NOT NULL,
	`reason` text,
	`delivery` text,
	`seal` text,
	`flow_run_id` text,
	`status` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `webhook_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhooks` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`enabled` integer NOT NULL,
	`service_account_id` text,
	`template` text NOT NULL,
	`slug` text NOT NULL,
	`deployment_id` text,
	`verification` text,
	`secrets` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_slug` ON `webhooks` (`slug`);
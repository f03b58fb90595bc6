CREATE TABLE `accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`handle` text NOT NULL,
	`created` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `accounts_handle_unique` ON `accounts` (`handle`);--> statement-breakpoint
CREATE TABLE `actors` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`permissions` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `actors_account` ON `actors` (`account_id`);--> statement-breakpoint
CREATE TABLE `api_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`actor_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`created` integer NOT NULL,
	`expires` integer,
	`revoked` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `api_keys_actor` ON `api_keys` (`actor_id`);--> statement-breakpoint
CREATE TABLE `workspace_access` (
	`actor_id` text NOT NULL,
	`workspace_id` text NOT NULL,
	`scopes` text NOT NULL,
	PRIMARY KEY(`actor_id`, `workspace_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `workspaces` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`handle` text NOT NULL,
	`description` text NOT NULL,
	`shard` integer NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `workspaces_handle` ON `workspaces` (`account_id`,`handle`);
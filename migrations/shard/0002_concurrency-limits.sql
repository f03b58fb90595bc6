CREATE TABLE `concurrency_limits` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`limit` integer NOT NULL,
	`active` integer NOT NULL,
	`decay` real NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `concurrency_limits_name` ON `concurrency_limits` (`workspace_id`,`name`);
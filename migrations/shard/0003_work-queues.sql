CREATE TABLE `work_queues` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`work_pool_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text,
	`is_paused` integer NOT NULL,
	`concurrency_limit` integer,
	`priority` integer NOT NULL,
	`filter` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `work_queues_name` ON `work_queues` (`workspace_id`,`work_pool_id`,`name`);--> statement-breakpoint
ALTER TABLE `work_pools` ADD `storage_configuration` text;--> statement-breakpoint
ALTER TABLE `work_pools` ADD `revision` integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
INSERT INTO `work_queues` (`workspace_id`, `id`, `work_pool_id`, `name`, `description`, `is_paused`, `priority`, `created`, `updated`)
	SELECT `workspace_id`, `default_queue_id`, `id`, 'default', 'The work pool''s default queue.', 0, 1, `created`, `updated` FROM `work_pools`;
--> statement-breakpoint
UPDATE `work_pools` SET `revision` = 1;

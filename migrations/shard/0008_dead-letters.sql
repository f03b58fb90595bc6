CREATE TABLE `dead_letters` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`work_pool_id` text NOT NULL,
	`message` text NOT NULL,
	`sent` integer NOT NULL,
	`status` text NOT NULL,
	`resolved` integer,
	`resolved_by` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `dead_letters_resolved` ON `dead_letters` (`resolved`) WHERE resolved IS NOT NULL;
CREATE TABLE `removed_runs` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`created` integer NOT NULL,
	`removed` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`, `created`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `removed_runs_removed` ON `removed_runs` (`removed`);
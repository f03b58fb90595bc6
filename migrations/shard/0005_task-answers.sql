CREATE TABLE `task_answers` (
	`workspace_id` text NOT NULL,
	`key` text NOT NULL,
	`state` text NOT NULL,
	`expires` integer,
	`created` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `key`)
) WITHOUT ROWID;

CREATE TABLE `networks_seen` (
	`account_id` text NOT NULL,
	`network` text NOT NULL,
	`seen` integer NOT NULL,
	PRIMARY KEY(`account_id`, `network`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `accounts` ADD `ip_allowlist` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `accounts` ADD `enforce_ip_allowlist` integer DEFAULT 0 NOT NULL;
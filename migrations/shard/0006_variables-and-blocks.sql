CREATE TABLE `block_documents` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`block_type_id` text NOT NULL,
	`block_schema_id` text NOT NULL,
	`name` text NOT NULL,
	`is_anonymous` integer NOT NULL,
	`data` text NOT NULL,
	`links` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `block_documents_name` ON `block_documents` (`workspace_id`,`block_type_id`,`name`);--> statement-breakpoint
CREATE TABLE `block_schemas` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`block_type_id` text NOT NULL,
	`checksum` text NOT NULL,
	`version` text NOT NULL,
	`fields` text NOT NULL,
	`capabilities` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `block_schemas_checksum` ON `block_schemas` (`workspace_id`,`checksum`,`version`);--> statement-breakpoint
CREATE TABLE `block_types` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`slug` text NOT NULL,
	`logo_url` text,
	`documentation_url` text,
	`description` text,
	`code_example` text,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `block_types_slug` ON `block_types` (`workspace_id`,`slug`);--> statement-breakpoint
CREATE TABLE `data_keys` (
	`workspace_id` text PRIMARY KEY NOT NULL,
	`wrapped_by` text NOT NULL,
	`wrapped` text NOT NULL,
	`created` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `variables` (
	`workspace_id` text NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`value` text NOT NULL,
	`tags` text NOT NULL,
	`created` integer NOT NULL,
	`updated` integer NOT NULL,
	PRIMARY KEY(`workspace_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `variables_name` ON `variables` (`workspace_id`,`name`);
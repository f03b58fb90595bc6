ALTER TABLE `deployments` ADD `paused` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `deployments` ADD `disabled` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `deployments` ADD `schedules` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `deployments` ADD `concurrency_limit_id` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `concurrency_options` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `storage_document_id` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `infrastructure_document_id` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `version_info` text;--> statement-breakpoint
ALTER TABLE `deployments` ADD `last_polled` integer;--> statement-breakpoint
ALTER TABLE `deployments` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `deployments` ADD `planned` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `deployments_unplanned` ON `deployments` (`updated`) WHERE planned < revision AND (schedules <> '[]' OR planned > 0);
/** The three ways in which a Prefect client can be pointed at this service. */
import type { Tenant } from "../support/tenant.ts";

/** Cloud style: account and workspace in the URL, the key as bearer and as token of every socket. */
export const cloudStyle = (tenant: Tenant): Record<string, string> => ({
  PREFECT_CLOUD_API_URL: tenant.shortUrl,
  PREFECT_API_URL: tenant.apiUrl,
  PREFECT_API_KEY: tenant.key,
});

/** Self-hosted style: a plain URL, and the key as an auth string `id:secret`. */
export const authStringStyle = (tenant: Tenant): Record<string, string> => ({
  PREFECT_API_URL: tenant.shortUrl,
  PREFECT_API_AUTH_STRING: tenant.authString,
});

/** A plain URL with a key: enough over HTTP, but the client gives its event socket no token. */
export const keyAloneStyle = (tenant: Tenant): Record<string, string> => ({
  PREFECT_API_URL: tenant.shortUrl,
  PREFECT_API_KEY: tenant.key,
});

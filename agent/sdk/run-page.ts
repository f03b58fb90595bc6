/** The address of a run's page: the web app answers on the API's own host. */
export const runPage = (apiUrl: string, flowRunId: string): string =>
  `${new URL(apiUrl).origin}/runs/flow-run/${flowRunId}`;

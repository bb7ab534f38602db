/**
 * Version of the fold. A view is written and read by one version only: raise it with every change after which a message
 * gives another row, and views are rebuilt (a whole number).
 */
export const PROJECTION_VERSION = 1;

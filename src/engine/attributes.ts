/** What a run can be searched by, of the user's own making: a text, a number, a yes or no, a time. */
export type AttributeValue = string | number | boolean | Date;

/** Search attributes of a run, by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The type that a flow declares for one of its search attributes. */
export type AttributeType = "text" | "number" | "boolean" | "date";

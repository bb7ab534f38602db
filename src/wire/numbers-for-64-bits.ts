// Sequences and times stay far below 2^53: with no Long class configured, protobufjs reads and writes them as numbers.
// Imported before the generated messages, whose default values depend on it.
import protobuf from "protobufjs/minimal.js";

protobuf.util.Long = undefined as never;
protobuf.configure();

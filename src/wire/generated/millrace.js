/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["default"] || ($protobuf.roots["default"] = {});

export const millrace = $root.millrace = (() => {

    /**
     * Namespace millrace.
     * @exports millrace
     * @namespace
     */
    const millrace = {};

    millrace.v1 = (function() {

        /**
         * Namespace v1.
         * @memberof millrace
         * @namespace
         */
        const v1 = {};

        v1.Payload = (function() {

            /**
             * Properties of a Payload.
             * @typedef {Object} millrace.v1.Payload.$Properties
             * @property {string|null} [encoding] Payload encoding
             * @property {Uint8Array|null} [data] Payload data
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Payload.
             * @memberof millrace.v1
             * @interface IPayload
             * @augments millrace.v1.Payload.$Properties
             * @deprecated Use millrace.v1.Payload.$Properties instead.
             */

            /**
             * Shape of a Payload.
             * @typedef {millrace.v1.Payload.$Properties} millrace.v1.Payload.$Shape
             */

            /**
             * Constructs a new Payload.
             * @memberof millrace.v1
             * @classdesc Represents a Payload.
             * @constructor
             * @param {millrace.v1.Payload.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Payload = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Payload encoding.
             * @member {string} encoding
             * @memberof millrace.v1.Payload
             * @instance
             */
            Payload.prototype.encoding = "";

            /**
             * Payload data.
             * @member {Uint8Array} data
             * @memberof millrace.v1.Payload
             * @instance
             */
            Payload.prototype.data = $util.newBuffer([]);

            /**
             * Encodes the specified Payload message. Does not implicitly {@link millrace.v1.Payload.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Payload
             * @static
             * @param {millrace.v1.Payload.$Properties} message Payload message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Payload.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.encoding != null && $Object.hasOwnProperty.call(message, "encoding") && message.encoding !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.encoding);
                if (message.data != null && $Object.hasOwnProperty.call(message, "data") && message.data.length)
                    writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.data);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Payload message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Payload
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Payload & millrace.v1.Payload.$Shape} Payload
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Payload.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Payload();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.encoding = value;
                            else
                                delete message.encoding;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.bytes()).length)
                                message.data = value;
                            else
                                delete message.data;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Payload;
        })();

        v1.Submission = (function() {

            /**
             * Properties of a Submission.
             * @typedef {Object} millrace.v1.Submission.$Properties
             * @property {number|null} [format] Submission format
             * @property {string|null} [runId] Submission runId
             * @property {string|null} [queue] Submission queue
             * @property {string|null} [submissionId] Submission submissionId
             * @property {millrace.v1.Payload.$Properties|null} [input] Submission input
             * @property {Array.<string>|null} [tags] Submission tags
             * @property {Object.<string,string>|null} [metadata] Submission metadata
             * @property {number|null} [submittedAt] Submission submittedAt
             * @property {string|null} [replyTo] Submission replyTo
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Submission.
             * @memberof millrace.v1
             * @interface ISubmission
             * @augments millrace.v1.Submission.$Properties
             * @deprecated Use millrace.v1.Submission.$Properties instead.
             */

            /**
             * Shape of a Submission.
             * @typedef {millrace.v1.Submission.$Properties} millrace.v1.Submission.$Shape
             */

            /**
             * Constructs a new Submission.
             * @memberof millrace.v1
             * @classdesc Represents a Submission.
             * @constructor
             * @param {millrace.v1.Submission.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Submission = function (properties) {
                this.tags = [];
                this.metadata = {};
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Submission format.
             * @member {number} format
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.format = 0;

            /**
             * Submission runId.
             * @member {string} runId
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.runId = "";

            /**
             * Submission queue.
             * @member {string} queue
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.queue = "";

            /**
             * Submission submissionId.
             * @member {string} submissionId
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.submissionId = "";

            /**
             * Submission input.
             * @member {millrace.v1.Payload.$Properties|null|undefined} input
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.input = null;

            /**
             * Submission tags.
             * @member {Array.<string>} tags
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.tags = $util.emptyArray;

            /**
             * Submission metadata.
             * @member {Object.<string,string>} metadata
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.metadata = $util.emptyObject;

            /**
             * Submission submittedAt.
             * @member {number} submittedAt
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.submittedAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Submission replyTo.
             * @member {string} replyTo
             * @memberof millrace.v1.Submission
             * @instance
             */
            Submission.prototype.replyTo = "";

            /**
             * Encodes the specified Submission message. Does not implicitly {@link millrace.v1.Submission.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Submission
             * @static
             * @param {millrace.v1.Submission.$Properties} message Submission message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Submission.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.format);
                if (message.runId != null && $Object.hasOwnProperty.call(message, "runId") && message.runId !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.runId);
                if (message.queue != null && $Object.hasOwnProperty.call(message, "queue") && message.queue !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.queue);
                if (message.submissionId != null && $Object.hasOwnProperty.call(message, "submissionId") && message.submissionId !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.submissionId);
                if (message.input != null && $Object.hasOwnProperty.call(message, "input"))
                    $root.millrace.v1.Payload.encode(message.input, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.tags != null && message.tags.length)
                    for (let i = 0; i < message.tags.length; ++i)
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.tags[i]);
                if (message.metadata != null && $Object.hasOwnProperty.call(message, "metadata"))
                    for (let keys = $Object.keys(message.metadata), i = 0; i < keys.length; ++i)
                        writer.uint32(/* id 7, wireType 2 =*/58).fork().uint32(/* id 1, wireType 2 =*/10).string(keys[i]).uint32(/* id 2, wireType 2 =*/18).string(message.metadata[keys[i]]).ldelim();
                if (message.submittedAt != null && $Object.hasOwnProperty.call(message, "submittedAt") && (typeof message.submittedAt === "object" ? message.submittedAt.low || message.submittedAt.high : message.submittedAt !== 0))
                    writer.uint32(/* id 8, wireType 0 =*/64).uint64(message.submittedAt);
                if (message.replyTo != null && $Object.hasOwnProperty.call(message, "replyTo") && message.replyTo !== "")
                    writer.uint32(/* id 9, wireType 2 =*/74).string(message.replyTo);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Submission message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Submission
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Submission & millrace.v1.Submission.$Shape} Submission
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Submission.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, key, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Submission();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.format = value;
                            else
                                delete message.format;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.runId = value;
                            else
                                delete message.runId;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.queue = value;
                            else
                                delete message.queue;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.submissionId = value;
                            else
                                delete message.submissionId;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.input = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.input);
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            if (!(message.tags && message.tags.length))
                                message.tags = [];
                            message.tags.push(reader.stringVerify());
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            if (message.metadata === $util.emptyObject)
                                message.metadata = {};
                            let end2 = reader.size() + reader.pos;
                            if (end2 > reader.len)
                                throw $RangeError("index out of range");
                            reader.len = end2;
                            key = "";
                            value = "";
                            while (reader.pos < end2) {
                                let tag2 = reader.tag();
                                wireType = tag2 & 7;
                                switch (tag2 >>>= 3) {
                                case 1:
                                    if (wireType !== 2)
                                        break;
                                    key = reader.stringVerify();
                                    continue;
                                case 2:
                                    if (wireType !== 2)
                                        break;
                                    value = reader.stringVerify();
                                    continue;
                                }
                                reader.skipType(wireType, _depth, tag2);
                            }
                            if (reader.pos !== end2)
                                throw $RangeError("index out of range");
                            reader.len = end;
                            if (key === "__proto__")
                                $util.makeProp(message.metadata, key);
                            message.metadata[key] = value;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.submittedAt = value;
                            else
                                delete message.submittedAt;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.replyTo = value;
                            else
                                delete message.replyTo;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Submission;
        })();

        v1.Input = (function() {

            /**
             * Properties of an Input.
             * @typedef {Object} millrace.v1.Input.$Properties
             * @property {number|null} [format] Input format
             * @property {string|null} [inputId] Input inputId
             * @property {number|null} [sentAt] Input sentAt
             * @property {millrace.v1.Wake.$Properties|null} [wake] Input wake
             * @property {"wake"} [body] Input body
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Input.
             * @memberof millrace.v1
             * @interface IInput
             * @augments millrace.v1.Input.$Properties
             * @deprecated Use millrace.v1.Input.$Properties instead.
             */

            /**
             * Narrowed shape of an Input.
             * @typedef {{
             *   format?: number|null;
             *   inputId?: string|null;
             *   sentAt?: number|null;
             *   wake?: millrace.v1.Wake.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ body?: undefined; wake?: null }|{ body?: "wake"; wake: millrace.v1.Wake.$Shape })
             * )} millrace.v1.Input.$Shape
             */

            /**
             * Constructs a new Input.
             * @memberof millrace.v1
             * @classdesc Represents an Input.
             * @constructor
             * @param {millrace.v1.Input.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Input = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Input format.
             * @member {number} format
             * @memberof millrace.v1.Input
             * @instance
             */
            Input.prototype.format = 0;

            /**
             * Input inputId.
             * @member {string} inputId
             * @memberof millrace.v1.Input
             * @instance
             */
            Input.prototype.inputId = "";

            /**
             * Input sentAt.
             * @member {number} sentAt
             * @memberof millrace.v1.Input
             * @instance
             */
            Input.prototype.sentAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Input wake.
             * @member {millrace.v1.Wake.$Properties|null|undefined} wake
             * @memberof millrace.v1.Input
             * @instance
             */
            Input.prototype.wake = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * Input body.
             * @member {"wake"|undefined} body
             * @memberof millrace.v1.Input
             * @instance
             */
            $Object.defineProperty(Input.prototype, "body", {
                get: $util.oneOfGetter($oneOfFields = ["wake"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Encodes the specified Input message. Does not implicitly {@link millrace.v1.Input.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Input
             * @static
             * @param {millrace.v1.Input.$Properties} message Input message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Input.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.format);
                if (message.inputId != null && $Object.hasOwnProperty.call(message, "inputId") && message.inputId !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.inputId);
                if (message.sentAt != null && $Object.hasOwnProperty.call(message, "sentAt") && (typeof message.sentAt === "object" ? message.sentAt.low || message.sentAt.high : message.sentAt !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.sentAt);
                if (message.wake != null && $Object.hasOwnProperty.call(message, "wake"))
                    $root.millrace.v1.Wake.encode(message.wake, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Input message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Input
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Input & millrace.v1.Input.$Shape} Input
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Input.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Input();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.format = value;
                            else
                                delete message.format;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.inputId = value;
                            else
                                delete message.inputId;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sentAt = value;
                            else
                                delete message.sentAt;
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.wake = $root.millrace.v1.Wake.decode(reader, reader.size(), $undefined, _depth + 1, message.wake);
                            message.body = "wake";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Input;
        })();

        v1.Wake = (function() {

            /**
             * Properties of a Wake.
             * @typedef {Object} millrace.v1.Wake.$Properties
             * @property {Array.<number>|null} [replaces] Wake replaces
             * @property {boolean|null} [resume] Wake resume
             * @property {string|null} [queue] Wake queue
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Wake.
             * @memberof millrace.v1
             * @interface IWake
             * @augments millrace.v1.Wake.$Properties
             * @deprecated Use millrace.v1.Wake.$Properties instead.
             */

            /**
             * Shape of a Wake.
             * @typedef {millrace.v1.Wake.$Properties} millrace.v1.Wake.$Shape
             */

            /**
             * Constructs a new Wake.
             * @memberof millrace.v1
             * @classdesc Represents a Wake.
             * @constructor
             * @param {millrace.v1.Wake.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Wake = function (properties) {
                this.replaces = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Wake replaces.
             * @member {Array.<number>} replaces
             * @memberof millrace.v1.Wake
             * @instance
             */
            Wake.prototype.replaces = $util.emptyArray;

            /**
             * Wake resume.
             * @member {boolean} resume
             * @memberof millrace.v1.Wake
             * @instance
             */
            Wake.prototype.resume = false;

            /**
             * Wake queue.
             * @member {string} queue
             * @memberof millrace.v1.Wake
             * @instance
             */
            Wake.prototype.queue = "";

            /**
             * Encodes the specified Wake message. Does not implicitly {@link millrace.v1.Wake.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Wake
             * @static
             * @param {millrace.v1.Wake.$Properties} message Wake message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Wake.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.replaces != null && message.replaces.length)
                    writer.uint32(/* id 1, wireType 2 =*/10).uint64s(message.replaces);
                if (message.resume != null && $Object.hasOwnProperty.call(message, "resume") && message.resume !== false)
                    writer.uint32(/* id 2, wireType 0 =*/16).bool(message.resume);
                if (message.queue != null && $Object.hasOwnProperty.call(message, "queue") && message.queue !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.queue);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Wake message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Wake
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Wake & millrace.v1.Wake.$Shape} Wake
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Wake.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Wake();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType === 2) {
                                if (!(message.replaces && message.replaces.length))
                                    message.replaces = [];
                                reader.uint64s(message.replaces);
                                continue;
                            }
                            if (wireType !== 0)
                                break;
                            if (!(message.replaces && message.replaces.length))
                                message.replaces = [];
                            message.replaces.push(reader.uint64());
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.bool())
                                message.resume = value;
                            else
                                delete message.resume;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.queue = value;
                            else
                                delete message.queue;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Wake;
        })();

        /**
         * RunStatus enum.
         * @name millrace.v1.RunStatus
         * @enum {number}
         * @property {number} RUN_STATUS_UNSPECIFIED=0 RUN_STATUS_UNSPECIFIED value
         * @property {number} RUNNING=1 RUNNING value
         * @property {number} AWAITING_RETRY=2 AWAITING_RETRY value
         * @property {number} CANCELLING=3 CANCELLING value
         * @property {number} SUSPENDED=4 SUSPENDED value
         * @property {number} RELEASED=5 RELEASED value
         * @property {number} PARKED=6 PARKED value
         * @property {number} COMPLETED=7 COMPLETED value
         * @property {number} FAILED=8 FAILED value
         * @property {number} CRASHED=9 CRASHED value
         * @property {number} CANCELLED=10 CANCELLED value
         */
        v1.RunStatus = (function() {
            const valuesById = $Object.create(null), values = $Object.create(valuesById);
            values[valuesById[0] = "RUN_STATUS_UNSPECIFIED"] = 0;
            values[valuesById[1] = "RUNNING"] = 1;
            values[valuesById[2] = "AWAITING_RETRY"] = 2;
            values[valuesById[3] = "CANCELLING"] = 3;
            values[valuesById[4] = "SUSPENDED"] = 4;
            values[valuesById[5] = "RELEASED"] = 5;
            values[valuesById[6] = "PARKED"] = 6;
            values[valuesById[7] = "COMPLETED"] = 7;
            values[valuesById[8] = "FAILED"] = 8;
            values[valuesById[9] = "CRASHED"] = 9;
            values[valuesById[10] = "CANCELLED"] = 10;
            return values;
        })();

        v1.Frame = (function() {

            /**
             * Properties of a Frame.
             * @typedef {Object} millrace.v1.Frame.$Properties
             * @property {number|null} [format] Frame format
             * @property {number|null} [prev] Frame prev
             * @property {number|null} [epoch] Frame epoch
             * @property {string|null} [writer] Frame writer
             * @property {millrace.v1.RunStatus|null} [status] Frame status
             * @property {number|null} [inboxFolded] Frame inboxFolded
             * @property {number|null} [token] Frame token
             * @property {string|null} [queue] Frame queue
             * @property {Array.<millrace.v1.Event.$Properties>|null} [events] Frame events
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Frame.
             * @memberof millrace.v1
             * @interface IFrame
             * @augments millrace.v1.Frame.$Properties
             * @deprecated Use millrace.v1.Frame.$Properties instead.
             */

            /**
             * Shape of a Frame.
             * @typedef {{
             *   format?: number|null;
             *   prev?: number|null;
             *   epoch?: number|null;
             *   writer?: string|null;
             *   status?: millrace.v1.RunStatus|null;
             *   inboxFolded?: number|null;
             *   token?: number|null;
             *   queue?: string|null;
             *   events?: Array.<millrace.v1.Event.$Shape>|null;
             *   $unknowns?: Array.<Uint8Array>;
             * }} millrace.v1.Frame.$Shape
             */

            /**
             * Constructs a new Frame.
             * @memberof millrace.v1
             * @classdesc Represents a Frame.
             * @constructor
             * @param {millrace.v1.Frame.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Frame = function (properties) {
                this.events = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Frame format.
             * @member {number} format
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.format = 0;

            /**
             * Frame prev.
             * @member {number} prev
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.prev = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame epoch.
             * @member {number} epoch
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.epoch = 0;

            /**
             * Frame writer.
             * @member {string} writer
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.writer = "";

            /**
             * Frame status.
             * @member {millrace.v1.RunStatus} status
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.status = 0;

            /**
             * Frame inboxFolded.
             * @member {number} inboxFolded
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.inboxFolded = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame token.
             * @member {number} token
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.token = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Frame queue.
             * @member {string} queue
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.queue = "";

            /**
             * Frame events.
             * @member {Array.<millrace.v1.Event.$Properties>} events
             * @memberof millrace.v1.Frame
             * @instance
             */
            Frame.prototype.events = $util.emptyArray;

            /**
             * Encodes the specified Frame message. Does not implicitly {@link millrace.v1.Frame.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Frame
             * @static
             * @param {millrace.v1.Frame.$Properties} message Frame message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Frame.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.format);
                if (message.prev != null && $Object.hasOwnProperty.call(message, "prev") && (typeof message.prev === "object" ? message.prev.low || message.prev.high : message.prev !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.prev);
                if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                    writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.epoch);
                if (message.writer != null && $Object.hasOwnProperty.call(message, "writer") && message.writer !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.writer);
                if (message.status != null && $Object.hasOwnProperty.call(message, "status") && message.status !== 0)
                    writer.uint32(/* id 5, wireType 0 =*/40).int32(message.status);
                if (message.inboxFolded != null && $Object.hasOwnProperty.call(message, "inboxFolded") && (typeof message.inboxFolded === "object" ? message.inboxFolded.low || message.inboxFolded.high : message.inboxFolded !== 0))
                    writer.uint32(/* id 6, wireType 0 =*/48).uint64(message.inboxFolded);
                if (message.token != null && $Object.hasOwnProperty.call(message, "token") && (typeof message.token === "object" ? message.token.low || message.token.high : message.token !== 0))
                    writer.uint32(/* id 7, wireType 0 =*/56).uint64(message.token);
                if (message.queue != null && $Object.hasOwnProperty.call(message, "queue") && message.queue !== "")
                    writer.uint32(/* id 8, wireType 2 =*/66).string(message.queue);
                if (message.events != null && message.events.length)
                    for (let i = 0; i < message.events.length; ++i)
                        $root.millrace.v1.Event.encode(message.events[i], writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Frame
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Frame & millrace.v1.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Frame.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Frame();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.format = value;
                            else
                                delete message.format;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.prev = value;
                            else
                                delete message.prev;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.epoch = value;
                            else
                                delete message.epoch;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.writer = value;
                            else
                                delete message.writer;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.int32())
                                message.status = value;
                            else
                                delete message.status;
                            continue;
                        }
                    case 6: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.inboxFolded = value;
                            else
                                delete message.inboxFolded;
                            continue;
                        }
                    case 7: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.token = value;
                            else
                                delete message.token;
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.queue = value;
                            else
                                delete message.queue;
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            if (!(message.events && message.events.length))
                                message.events = [];
                            message.events.push($root.millrace.v1.Event.decode(reader, reader.size(), $undefined, _depth + 1));
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Frame;
        })();

        v1.Event = (function() {

            /**
             * Properties of an Event.
             * @typedef {Object} millrace.v1.Event.$Properties
             * @property {number|null} [at] Event at
             * @property {millrace.v1.Activated.$Properties|null} [activated] Event activated
             * @property {millrace.v1.Released.$Properties|null} [released] Event released
             * @property {millrace.v1.StepStarted.$Properties|null} [stepStarted] Event stepStarted
             * @property {millrace.v1.StepAttemptFailed.$Properties|null} [stepAttemptFailed] Event stepAttemptFailed
             * @property {millrace.v1.StepCompleted.$Properties|null} [stepCompleted] Event stepCompleted
             * @property {millrace.v1.StepFailed.$Properties|null} [stepFailed] Event stepFailed
             * @property {millrace.v1.TimerSet.$Properties|null} [timerSet] Event timerSet
             * @property {millrace.v1.TimerFired.$Properties|null} [timerFired] Event timerFired
             * @property {millrace.v1.InputFolded.$Properties|null} [inputFolded] Event inputFolded
             * @property {millrace.v1.Parked.$Properties|null} [parked] Event parked
             * @property {millrace.v1.Resumed.$Properties|null} [resumed] Event resumed
             * @property {millrace.v1.Completed.$Properties|null} [completed] Event completed
             * @property {millrace.v1.Failed.$Properties|null} [failed] Event failed
             * @property {millrace.v1.Crashed.$Properties|null} [crashed] Event crashed
             * @property {millrace.v1.Cancelled.$Properties|null} [cancelled] Event cancelled
             * @property {"activated"|"released"|"stepStarted"|"stepAttemptFailed"|"stepCompleted"|"stepFailed"|"timerSet"|"timerFired"|"inputFolded"|"parked"|"resumed"|"completed"|"failed"|"crashed"|"cancelled"} [body] Event body
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Event.
             * @memberof millrace.v1
             * @interface IEvent
             * @augments millrace.v1.Event.$Properties
             * @deprecated Use millrace.v1.Event.$Properties instead.
             */

            /**
             * Narrowed shape of an Event.
             * @typedef {{
             *   at?: number|null;
             *   activated?: millrace.v1.Activated.$Shape|null;
             *   released?: millrace.v1.Released.$Shape|null;
             *   stepStarted?: millrace.v1.StepStarted.$Shape|null;
             *   stepAttemptFailed?: millrace.v1.StepAttemptFailed.$Shape|null;
             *   stepCompleted?: millrace.v1.StepCompleted.$Shape|null;
             *   stepFailed?: millrace.v1.StepFailed.$Shape|null;
             *   timerSet?: millrace.v1.TimerSet.$Shape|null;
             *   timerFired?: millrace.v1.TimerFired.$Shape|null;
             *   inputFolded?: millrace.v1.InputFolded.$Shape|null;
             *   parked?: millrace.v1.Parked.$Shape|null;
             *   resumed?: millrace.v1.Resumed.$Shape|null;
             *   completed?: millrace.v1.Completed.$Shape|null;
             *   failed?: millrace.v1.Failed.$Shape|null;
             *   crashed?: millrace.v1.Crashed.$Shape|null;
             *   cancelled?: millrace.v1.Cancelled.$Shape|null;
             *   $unknowns?: Array.<Uint8Array>;
             * } & (
             *   ({ body?: undefined; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "activated"; activated: millrace.v1.Activated.$Shape; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "released"; activated?: null; released: millrace.v1.Released.$Shape; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepStarted"; activated?: null; released?: null; stepStarted: millrace.v1.StepStarted.$Shape; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepAttemptFailed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed: millrace.v1.StepAttemptFailed.$Shape; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepCompleted"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted: millrace.v1.StepCompleted.$Shape; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepFailed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed: millrace.v1.StepFailed.$Shape; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "timerSet"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet: millrace.v1.TimerSet.$Shape; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "timerFired"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired: millrace.v1.TimerFired.$Shape; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "inputFolded"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded: millrace.v1.InputFolded.$Shape; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "parked"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked: millrace.v1.Parked.$Shape; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "resumed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed: millrace.v1.Resumed.$Shape; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "completed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed: millrace.v1.Completed.$Shape; failed?: null; crashed?: null; cancelled?: null }|{ body?: "failed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed: millrace.v1.Failed.$Shape; crashed?: null; cancelled?: null }|{ body?: "crashed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed: millrace.v1.Crashed.$Shape; cancelled?: null }|{ body?: "cancelled"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled: millrace.v1.Cancelled.$Shape })
             * )} millrace.v1.Event.$Shape
             */

            /**
             * Constructs a new Event.
             * @memberof millrace.v1
             * @classdesc Represents an Event.
             * @constructor
             * @param {millrace.v1.Event.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Event = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Event at.
             * @member {number} at
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Event activated.
             * @member {millrace.v1.Activated.$Properties|null|undefined} activated
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.activated = null;

            /**
             * Event released.
             * @member {millrace.v1.Released.$Properties|null|undefined} released
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.released = null;

            /**
             * Event stepStarted.
             * @member {millrace.v1.StepStarted.$Properties|null|undefined} stepStarted
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.stepStarted = null;

            /**
             * Event stepAttemptFailed.
             * @member {millrace.v1.StepAttemptFailed.$Properties|null|undefined} stepAttemptFailed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.stepAttemptFailed = null;

            /**
             * Event stepCompleted.
             * @member {millrace.v1.StepCompleted.$Properties|null|undefined} stepCompleted
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.stepCompleted = null;

            /**
             * Event stepFailed.
             * @member {millrace.v1.StepFailed.$Properties|null|undefined} stepFailed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.stepFailed = null;

            /**
             * Event timerSet.
             * @member {millrace.v1.TimerSet.$Properties|null|undefined} timerSet
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.timerSet = null;

            /**
             * Event timerFired.
             * @member {millrace.v1.TimerFired.$Properties|null|undefined} timerFired
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.timerFired = null;

            /**
             * Event inputFolded.
             * @member {millrace.v1.InputFolded.$Properties|null|undefined} inputFolded
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.inputFolded = null;

            /**
             * Event parked.
             * @member {millrace.v1.Parked.$Properties|null|undefined} parked
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.parked = null;

            /**
             * Event resumed.
             * @member {millrace.v1.Resumed.$Properties|null|undefined} resumed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.resumed = null;

            /**
             * Event completed.
             * @member {millrace.v1.Completed.$Properties|null|undefined} completed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.completed = null;

            /**
             * Event failed.
             * @member {millrace.v1.Failed.$Properties|null|undefined} failed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.failed = null;

            /**
             * Event crashed.
             * @member {millrace.v1.Crashed.$Properties|null|undefined} crashed
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.crashed = null;

            /**
             * Event cancelled.
             * @member {millrace.v1.Cancelled.$Properties|null|undefined} cancelled
             * @memberof millrace.v1.Event
             * @instance
             */
            Event.prototype.cancelled = null;

            // OneOf field names bound to virtual getters and setters
            let $oneOfFields;

            /**
             * Event body.
             * @member {"activated"|"released"|"stepStarted"|"stepAttemptFailed"|"stepCompleted"|"stepFailed"|"timerSet"|"timerFired"|"inputFolded"|"parked"|"resumed"|"completed"|"failed"|"crashed"|"cancelled"|undefined} body
             * @memberof millrace.v1.Event
             * @instance
             */
            $Object.defineProperty(Event.prototype, "body", {
                get: $util.oneOfGetter($oneOfFields = ["activated", "released", "stepStarted", "stepAttemptFailed", "stepCompleted", "stepFailed", "timerSet", "timerFired", "inputFolded", "parked", "resumed", "completed", "failed", "crashed", "cancelled"]),
                set: $util.oneOfSetter($oneOfFields)
            });

            /**
             * Encodes the specified Event message. Does not implicitly {@link millrace.v1.Event.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Event
             * @static
             * @param {millrace.v1.Event.$Properties} message Event message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Event.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.at);
                if (message.activated != null && $Object.hasOwnProperty.call(message, "activated"))
                    $root.millrace.v1.Activated.encode(message.activated, writer.uint32(/* id 2, wireType 2 =*/18).fork(), _depth + 1).ldelim();
                if (message.released != null && $Object.hasOwnProperty.call(message, "released"))
                    $root.millrace.v1.Released.encode(message.released, writer.uint32(/* id 3, wireType 2 =*/26).fork(), _depth + 1).ldelim();
                if (message.stepStarted != null && $Object.hasOwnProperty.call(message, "stepStarted"))
                    $root.millrace.v1.StepStarted.encode(message.stepStarted, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.stepAttemptFailed != null && $Object.hasOwnProperty.call(message, "stepAttemptFailed"))
                    $root.millrace.v1.StepAttemptFailed.encode(message.stepAttemptFailed, writer.uint32(/* id 5, wireType 2 =*/42).fork(), _depth + 1).ldelim();
                if (message.stepCompleted != null && $Object.hasOwnProperty.call(message, "stepCompleted"))
                    $root.millrace.v1.StepCompleted.encode(message.stepCompleted, writer.uint32(/* id 6, wireType 2 =*/50).fork(), _depth + 1).ldelim();
                if (message.stepFailed != null && $Object.hasOwnProperty.call(message, "stepFailed"))
                    $root.millrace.v1.StepFailed.encode(message.stepFailed, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                if (message.timerSet != null && $Object.hasOwnProperty.call(message, "timerSet"))
                    $root.millrace.v1.TimerSet.encode(message.timerSet, writer.uint32(/* id 8, wireType 2 =*/66).fork(), _depth + 1).ldelim();
                if (message.timerFired != null && $Object.hasOwnProperty.call(message, "timerFired"))
                    $root.millrace.v1.TimerFired.encode(message.timerFired, writer.uint32(/* id 9, wireType 2 =*/74).fork(), _depth + 1).ldelim();
                if (message.inputFolded != null && $Object.hasOwnProperty.call(message, "inputFolded"))
                    $root.millrace.v1.InputFolded.encode(message.inputFolded, writer.uint32(/* id 10, wireType 2 =*/82).fork(), _depth + 1).ldelim();
                if (message.parked != null && $Object.hasOwnProperty.call(message, "parked"))
                    $root.millrace.v1.Parked.encode(message.parked, writer.uint32(/* id 11, wireType 2 =*/90).fork(), _depth + 1).ldelim();
                if (message.resumed != null && $Object.hasOwnProperty.call(message, "resumed"))
                    $root.millrace.v1.Resumed.encode(message.resumed, writer.uint32(/* id 12, wireType 2 =*/98).fork(), _depth + 1).ldelim();
                if (message.completed != null && $Object.hasOwnProperty.call(message, "completed"))
                    $root.millrace.v1.Completed.encode(message.completed, writer.uint32(/* id 13, wireType 2 =*/106).fork(), _depth + 1).ldelim();
                if (message.failed != null && $Object.hasOwnProperty.call(message, "failed"))
                    $root.millrace.v1.Failed.encode(message.failed, writer.uint32(/* id 14, wireType 2 =*/114).fork(), _depth + 1).ldelim();
                if (message.crashed != null && $Object.hasOwnProperty.call(message, "crashed"))
                    $root.millrace.v1.Crashed.encode(message.crashed, writer.uint32(/* id 15, wireType 2 =*/122).fork(), _depth + 1).ldelim();
                if (message.cancelled != null && $Object.hasOwnProperty.call(message, "cancelled"))
                    $root.millrace.v1.Cancelled.encode(message.cancelled, writer.uint32(/* id 16, wireType 2 =*/130).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Event message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Event
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Event & millrace.v1.Event.$Shape} Event
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Event.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Event();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.at = value;
                            else
                                delete message.at;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            message.activated = $root.millrace.v1.Activated.decode(reader, reader.size(), $undefined, _depth + 1, message.activated);
                            message.body = "activated";
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            message.released = $root.millrace.v1.Released.decode(reader, reader.size(), $undefined, _depth + 1, message.released);
                            message.body = "released";
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.stepStarted = $root.millrace.v1.StepStarted.decode(reader, reader.size(), $undefined, _depth + 1, message.stepStarted);
                            message.body = "stepStarted";
                            continue;
                        }
                    case 5: {
                            if (wireType !== 2)
                                break;
                            message.stepAttemptFailed = $root.millrace.v1.StepAttemptFailed.decode(reader, reader.size(), $undefined, _depth + 1, message.stepAttemptFailed);
                            message.body = "stepAttemptFailed";
                            continue;
                        }
                    case 6: {
                            if (wireType !== 2)
                                break;
                            message.stepCompleted = $root.millrace.v1.StepCompleted.decode(reader, reader.size(), $undefined, _depth + 1, message.stepCompleted);
                            message.body = "stepCompleted";
                            continue;
                        }
                    case 7: {
                            if (wireType !== 2)
                                break;
                            message.stepFailed = $root.millrace.v1.StepFailed.decode(reader, reader.size(), $undefined, _depth + 1, message.stepFailed);
                            message.body = "stepFailed";
                            continue;
                        }
                    case 8: {
                            if (wireType !== 2)
                                break;
                            message.timerSet = $root.millrace.v1.TimerSet.decode(reader, reader.size(), $undefined, _depth + 1, message.timerSet);
                            message.body = "timerSet";
                            continue;
                        }
                    case 9: {
                            if (wireType !== 2)
                                break;
                            message.timerFired = $root.millrace.v1.TimerFired.decode(reader, reader.size(), $undefined, _depth + 1, message.timerFired);
                            message.body = "timerFired";
                            continue;
                        }
                    case 10: {
                            if (wireType !== 2)
                                break;
                            message.inputFolded = $root.millrace.v1.InputFolded.decode(reader, reader.size(), $undefined, _depth + 1, message.inputFolded);
                            message.body = "inputFolded";
                            continue;
                        }
                    case 11: {
                            if (wireType !== 2)
                                break;
                            message.parked = $root.millrace.v1.Parked.decode(reader, reader.size(), $undefined, _depth + 1, message.parked);
                            message.body = "parked";
                            continue;
                        }
                    case 12: {
                            if (wireType !== 2)
                                break;
                            message.resumed = $root.millrace.v1.Resumed.decode(reader, reader.size(), $undefined, _depth + 1, message.resumed);
                            message.body = "resumed";
                            continue;
                        }
                    case 13: {
                            if (wireType !== 2)
                                break;
                            message.completed = $root.millrace.v1.Completed.decode(reader, reader.size(), $undefined, _depth + 1, message.completed);
                            message.body = "completed";
                            continue;
                        }
                    case 14: {
                            if (wireType !== 2)
                                break;
                            message.failed = $root.millrace.v1.Failed.decode(reader, reader.size(), $undefined, _depth + 1, message.failed);
                            message.body = "failed";
                            continue;
                        }
                    case 15: {
                            if (wireType !== 2)
                                break;
                            message.crashed = $root.millrace.v1.Crashed.decode(reader, reader.size(), $undefined, _depth + 1, message.crashed);
                            message.body = "crashed";
                            continue;
                        }
                    case 16: {
                            if (wireType !== 2)
                                break;
                            message.cancelled = $root.millrace.v1.Cancelled.decode(reader, reader.size(), $undefined, _depth + 1, message.cancelled);
                            message.body = "cancelled";
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Event;
        })();

        v1.Activated = (function() {

            /**
             * Properties of an Activated.
             * @typedef {Object} millrace.v1.Activated.$Properties
             * @property {number|null} [epoch] Activated epoch
             * @property {string|null} [worker] Activated worker
             * @property {number|null} [token] Activated token
             * @property {string|null} [reason] Activated reason
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an Activated.
             * @memberof millrace.v1
             * @interface IActivated
             * @augments millrace.v1.Activated.$Properties
             * @deprecated Use millrace.v1.Activated.$Properties instead.
             */

            /**
             * Shape of an Activated.
             * @typedef {millrace.v1.Activated.$Properties} millrace.v1.Activated.$Shape
             */

            /**
             * Constructs a new Activated.
             * @memberof millrace.v1
             * @classdesc Represents an Activated.
             * @constructor
             * @param {millrace.v1.Activated.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Activated = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Activated epoch.
             * @member {number} epoch
             * @memberof millrace.v1.Activated
             * @instance
             */
            Activated.prototype.epoch = 0;

            /**
             * Activated worker.
             * @member {string} worker
             * @memberof millrace.v1.Activated
             * @instance
             */
            Activated.prototype.worker = "";

            /**
             * Activated token.
             * @member {number} token
             * @memberof millrace.v1.Activated
             * @instance
             */
            Activated.prototype.token = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Activated reason.
             * @member {string} reason
             * @memberof millrace.v1.Activated
             * @instance
             */
            Activated.prototype.reason = "";

            /**
             * Encodes the specified Activated message. Does not implicitly {@link millrace.v1.Activated.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Activated
             * @static
             * @param {millrace.v1.Activated.$Properties} message Activated message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Activated.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.epoch != null && $Object.hasOwnProperty.call(message, "epoch") && message.epoch !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.epoch);
                if (message.worker != null && $Object.hasOwnProperty.call(message, "worker") && message.worker !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.worker);
                if (message.token != null && $Object.hasOwnProperty.call(message, "token") && (typeof message.token === "object" ? message.token.low || message.token.high : message.token !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.token);
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an Activated message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Activated
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Activated & millrace.v1.Activated.$Shape} Activated
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Activated.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Activated();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.epoch = value;
                            else
                                delete message.epoch;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.worker = value;
                            else
                                delete message.worker;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.token = value;
                            else
                                delete message.token;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Activated;
        })();

        v1.Released = (function() {

            /**
             * Properties of a Released.
             * @typedef {Object} millrace.v1.Released.$Properties
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Released.
             * @memberof millrace.v1
             * @interface IReleased
             * @augments millrace.v1.Released.$Properties
             * @deprecated Use millrace.v1.Released.$Properties instead.
             */

            /**
             * Shape of a Released.
             * @typedef {millrace.v1.Released.$Properties} millrace.v1.Released.$Shape
             */

            /**
             * Constructs a new Released.
             * @memberof millrace.v1
             * @classdesc Represents a Released.
             * @constructor
             * @param {millrace.v1.Released.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Released = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Encodes the specified Released message. Does not implicitly {@link millrace.v1.Released.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Released
             * @static
             * @param {millrace.v1.Released.$Properties} message Released message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Released.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Released message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Released
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Released & millrace.v1.Released.$Shape} Released
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Released.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Released();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    reader.skipType(tag & 7, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Released;
        })();

        v1.StepStarted = (function() {

            /**
             * Properties of a StepStarted.
             * @typedef {Object} millrace.v1.StepStarted.$Properties
             * @property {string|null} [step] StepStarted step
             * @property {number|null} [attempt] StepStarted attempt
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StepStarted.
             * @memberof millrace.v1
             * @interface IStepStarted
             * @augments millrace.v1.StepStarted.$Properties
             * @deprecated Use millrace.v1.StepStarted.$Properties instead.
             */

            /**
             * Shape of a StepStarted.
             * @typedef {millrace.v1.StepStarted.$Properties} millrace.v1.StepStarted.$Shape
             */

            /**
             * Constructs a new StepStarted.
             * @memberof millrace.v1
             * @classdesc Represents a StepStarted.
             * @constructor
             * @param {millrace.v1.StepStarted.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StepStarted = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * StepStarted step.
             * @member {string} step
             * @memberof millrace.v1.StepStarted
             * @instance
             */
            StepStarted.prototype.step = "";

            /**
             * StepStarted attempt.
             * @member {number} attempt
             * @memberof millrace.v1.StepStarted
             * @instance
             */
            StepStarted.prototype.attempt = 0;

            /**
             * Encodes the specified StepStarted message. Does not implicitly {@link millrace.v1.StepStarted.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.StepStarted
             * @static
             * @param {millrace.v1.StepStarted.$Properties} message StepStarted message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StepStarted.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.step);
                if (message.attempt != null && $Object.hasOwnProperty.call(message, "attempt") && message.attempt !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.attempt);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StepStarted message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.StepStarted
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.StepStarted & millrace.v1.StepStarted.$Shape} StepStarted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StepStarted.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.StepStarted();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attempt = value;
                            else
                                delete message.attempt;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StepStarted;
        })();

        v1.StepAttemptFailed = (function() {

            /**
             * Properties of a StepAttemptFailed.
             * @typedef {Object} millrace.v1.StepAttemptFailed.$Properties
             * @property {string|null} [step] StepAttemptFailed step
             * @property {number|null} [attempt] StepAttemptFailed attempt
             * @property {number|null} [startedAt] StepAttemptFailed startedAt
             * @property {millrace.v1.Payload.$Properties|null} [error] StepAttemptFailed error
             * @property {number|null} [retryAt] StepAttemptFailed retryAt
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StepAttemptFailed.
             * @memberof millrace.v1
             * @interface IStepAttemptFailed
             * @augments millrace.v1.StepAttemptFailed.$Properties
             * @deprecated Use millrace.v1.StepAttemptFailed.$Properties instead.
             */

            /**
             * Shape of a StepAttemptFailed.
             * @typedef {millrace.v1.StepAttemptFailed.$Properties} millrace.v1.StepAttemptFailed.$Shape
             */

            /**
             * Constructs a new StepAttemptFailed.
             * @memberof millrace.v1
             * @classdesc Represents a StepAttemptFailed.
             * @constructor
             * @param {millrace.v1.StepAttemptFailed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StepAttemptFailed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * StepAttemptFailed step.
             * @member {string} step
             * @memberof millrace.v1.StepAttemptFailed
             * @instance
             */
            StepAttemptFailed.prototype.step = "";

            /**
             * StepAttemptFailed attempt.
             * @member {number} attempt
             * @memberof millrace.v1.StepAttemptFailed
             * @instance
             */
            StepAttemptFailed.prototype.attempt = 0;

            /**
             * StepAttemptFailed startedAt.
             * @member {number} startedAt
             * @memberof millrace.v1.StepAttemptFailed
             * @instance
             */
            StepAttemptFailed.prototype.startedAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * StepAttemptFailed error.
             * @member {millrace.v1.Payload.$Properties|null|undefined} error
             * @memberof millrace.v1.StepAttemptFailed
             * @instance
             */
            StepAttemptFailed.prototype.error = null;

            /**
             * StepAttemptFailed retryAt.
             * @member {number} retryAt
             * @memberof millrace.v1.StepAttemptFailed
             * @instance
             */
            StepAttemptFailed.prototype.retryAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified StepAttemptFailed message. Does not implicitly {@link millrace.v1.StepAttemptFailed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.StepAttemptFailed
             * @static
             * @param {millrace.v1.StepAttemptFailed.$Properties} message StepAttemptFailed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StepAttemptFailed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.step);
                if (message.attempt != null && $Object.hasOwnProperty.call(message, "attempt") && message.attempt !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.attempt);
                if (message.startedAt != null && $Object.hasOwnProperty.call(message, "startedAt") && (typeof message.startedAt === "object" ? message.startedAt.low || message.startedAt.high : message.startedAt !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.startedAt);
                if (message.error != null && $Object.hasOwnProperty.call(message, "error"))
                    $root.millrace.v1.Payload.encode(message.error, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.retryAt != null && $Object.hasOwnProperty.call(message, "retryAt") && (typeof message.retryAt === "object" ? message.retryAt.low || message.retryAt.high : message.retryAt !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.retryAt);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StepAttemptFailed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.StepAttemptFailed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.StepAttemptFailed & millrace.v1.StepAttemptFailed.$Shape} StepAttemptFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StepAttemptFailed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.StepAttemptFailed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attempt = value;
                            else
                                delete message.attempt;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.startedAt = value;
                            else
                                delete message.startedAt;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.error = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.error);
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.retryAt = value;
                            else
                                delete message.retryAt;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StepAttemptFailed;
        })();

        v1.StepCompleted = (function() {

            /**
             * Properties of a StepCompleted.
             * @typedef {Object} millrace.v1.StepCompleted.$Properties
             * @property {string|null} [step] StepCompleted step
             * @property {number|null} [attempt] StepCompleted attempt
             * @property {number|null} [startedAt] StepCompleted startedAt
             * @property {millrace.v1.Payload.$Properties|null} [output] StepCompleted output
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StepCompleted.
             * @memberof millrace.v1
             * @interface IStepCompleted
             * @augments millrace.v1.StepCompleted.$Properties
             * @deprecated Use millrace.v1.StepCompleted.$Properties instead.
             */

            /**
             * Shape of a StepCompleted.
             * @typedef {millrace.v1.StepCompleted.$Properties} millrace.v1.StepCompleted.$Shape
             */

            /**
             * Constructs a new StepCompleted.
             * @memberof millrace.v1
             * @classdesc Represents a StepCompleted.
             * @constructor
             * @param {millrace.v1.StepCompleted.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StepCompleted = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * StepCompleted step.
             * @member {string} step
             * @memberof millrace.v1.StepCompleted
             * @instance
             */
            StepCompleted.prototype.step = "";

            /**
             * StepCompleted attempt.
             * @member {number} attempt
             * @memberof millrace.v1.StepCompleted
             * @instance
             */
            StepCompleted.prototype.attempt = 0;

            /**
             * StepCompleted startedAt.
             * @member {number} startedAt
             * @memberof millrace.v1.StepCompleted
             * @instance
             */
            StepCompleted.prototype.startedAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * StepCompleted output.
             * @member {millrace.v1.Payload.$Properties|null|undefined} output
             * @memberof millrace.v1.StepCompleted
             * @instance
             */
            StepCompleted.prototype.output = null;

            /**
             * Encodes the specified StepCompleted message. Does not implicitly {@link millrace.v1.StepCompleted.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.StepCompleted
             * @static
             * @param {millrace.v1.StepCompleted.$Properties} message StepCompleted message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StepCompleted.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.step);
                if (message.attempt != null && $Object.hasOwnProperty.call(message, "attempt") && message.attempt !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.attempt);
                if (message.startedAt != null && $Object.hasOwnProperty.call(message, "startedAt") && (typeof message.startedAt === "object" ? message.startedAt.low || message.startedAt.high : message.startedAt !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.startedAt);
                if (message.output != null && $Object.hasOwnProperty.call(message, "output"))
                    $root.millrace.v1.Payload.encode(message.output, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StepCompleted message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.StepCompleted
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.StepCompleted & millrace.v1.StepCompleted.$Shape} StepCompleted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StepCompleted.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.StepCompleted();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attempt = value;
                            else
                                delete message.attempt;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.startedAt = value;
                            else
                                delete message.startedAt;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.output = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.output);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StepCompleted;
        })();

        v1.StepFailed = (function() {

            /**
             * Properties of a StepFailed.
             * @typedef {Object} millrace.v1.StepFailed.$Properties
             * @property {string|null} [step] StepFailed step
             * @property {number|null} [attempt] StepFailed attempt
             * @property {number|null} [startedAt] StepFailed startedAt
             * @property {millrace.v1.Payload.$Properties|null} [error] StepFailed error
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a StepFailed.
             * @memberof millrace.v1
             * @interface IStepFailed
             * @augments millrace.v1.StepFailed.$Properties
             * @deprecated Use millrace.v1.StepFailed.$Properties instead.
             */

            /**
             * Shape of a StepFailed.
             * @typedef {millrace.v1.StepFailed.$Properties} millrace.v1.StepFailed.$Shape
             */

            /**
             * Constructs a new StepFailed.
             * @memberof millrace.v1
             * @classdesc Represents a StepFailed.
             * @constructor
             * @param {millrace.v1.StepFailed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const StepFailed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * StepFailed step.
             * @member {string} step
             * @memberof millrace.v1.StepFailed
             * @instance
             */
            StepFailed.prototype.step = "";

            /**
             * StepFailed attempt.
             * @member {number} attempt
             * @memberof millrace.v1.StepFailed
             * @instance
             */
            StepFailed.prototype.attempt = 0;

            /**
             * StepFailed startedAt.
             * @member {number} startedAt
             * @memberof millrace.v1.StepFailed
             * @instance
             */
            StepFailed.prototype.startedAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * StepFailed error.
             * @member {millrace.v1.Payload.$Properties|null|undefined} error
             * @memberof millrace.v1.StepFailed
             * @instance
             */
            StepFailed.prototype.error = null;

            /**
             * Encodes the specified StepFailed message. Does not implicitly {@link millrace.v1.StepFailed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.StepFailed
             * @static
             * @param {millrace.v1.StepFailed.$Properties} message StepFailed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            StepFailed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.step);
                if (message.attempt != null && $Object.hasOwnProperty.call(message, "attempt") && message.attempt !== 0)
                    writer.uint32(/* id 2, wireType 0 =*/16).uint32(message.attempt);
                if (message.startedAt != null && $Object.hasOwnProperty.call(message, "startedAt") && (typeof message.startedAt === "object" ? message.startedAt.low || message.startedAt.high : message.startedAt !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.startedAt);
                if (message.error != null && $Object.hasOwnProperty.call(message, "error"))
                    $root.millrace.v1.Payload.encode(message.error, writer.uint32(/* id 4, wireType 2 =*/34).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a StepFailed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.StepFailed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.StepFailed & millrace.v1.StepFailed.$Shape} StepFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            StepFailed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.StepFailed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.attempt = value;
                            else
                                delete message.attempt;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.startedAt = value;
                            else
                                delete message.startedAt;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            message.error = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.error);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return StepFailed;
        })();

        v1.TimerSet = (function() {

            /**
             * Properties of a TimerSet.
             * @typedef {Object} millrace.v1.TimerSet.$Properties
             * @property {string|null} [timer] TimerSet timer
             * @property {number|null} [fireAt] TimerSet fireAt
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a TimerSet.
             * @memberof millrace.v1
             * @interface ITimerSet
             * @augments millrace.v1.TimerSet.$Properties
             * @deprecated Use millrace.v1.TimerSet.$Properties instead.
             */

            /**
             * Shape of a TimerSet.
             * @typedef {millrace.v1.TimerSet.$Properties} millrace.v1.TimerSet.$Shape
             */

            /**
             * Constructs a new TimerSet.
             * @memberof millrace.v1
             * @classdesc Represents a TimerSet.
             * @constructor
             * @param {millrace.v1.TimerSet.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const TimerSet = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * TimerSet timer.
             * @member {string} timer
             * @memberof millrace.v1.TimerSet
             * @instance
             */
            TimerSet.prototype.timer = "";

            /**
             * TimerSet fireAt.
             * @member {number} fireAt
             * @memberof millrace.v1.TimerSet
             * @instance
             */
            TimerSet.prototype.fireAt = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified TimerSet message. Does not implicitly {@link millrace.v1.TimerSet.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.TimerSet
             * @static
             * @param {millrace.v1.TimerSet.$Properties} message TimerSet message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            TimerSet.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.timer != null && $Object.hasOwnProperty.call(message, "timer") && message.timer !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.timer);
                if (message.fireAt != null && $Object.hasOwnProperty.call(message, "fireAt") && (typeof message.fireAt === "object" ? message.fireAt.low || message.fireAt.high : message.fireAt !== 0))
                    writer.uint32(/* id 2, wireType 0 =*/16).uint64(message.fireAt);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a TimerSet message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.TimerSet
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.TimerSet & millrace.v1.TimerSet.$Shape} TimerSet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            TimerSet.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.TimerSet();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.timer = value;
                            else
                                delete message.timer;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.fireAt = value;
                            else
                                delete message.fireAt;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return TimerSet;
        })();

        v1.TimerFired = (function() {

            /**
             * Properties of a TimerFired.
             * @typedef {Object} millrace.v1.TimerFired.$Properties
             * @property {string|null} [timer] TimerFired timer
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a TimerFired.
             * @memberof millrace.v1
             * @interface ITimerFired
             * @augments millrace.v1.TimerFired.$Properties
             * @deprecated Use millrace.v1.TimerFired.$Properties instead.
             */

            /**
             * Shape of a TimerFired.
             * @typedef {millrace.v1.TimerFired.$Properties} millrace.v1.TimerFired.$Shape
             */

            /**
             * Constructs a new TimerFired.
             * @memberof millrace.v1
             * @classdesc Represents a TimerFired.
             * @constructor
             * @param {millrace.v1.TimerFired.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const TimerFired = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * TimerFired timer.
             * @member {string} timer
             * @memberof millrace.v1.TimerFired
             * @instance
             */
            TimerFired.prototype.timer = "";

            /**
             * Encodes the specified TimerFired message. Does not implicitly {@link millrace.v1.TimerFired.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.TimerFired
             * @static
             * @param {millrace.v1.TimerFired.$Properties} message TimerFired message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            TimerFired.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.timer != null && $Object.hasOwnProperty.call(message, "timer") && message.timer !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.timer);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a TimerFired message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.TimerFired
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.TimerFired & millrace.v1.TimerFired.$Shape} TimerFired
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            TimerFired.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.TimerFired();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.timer = value;
                            else
                                delete message.timer;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return TimerFired;
        })();

        v1.InputFolded = (function() {

            /**
             * Properties of an InputFolded.
             * @typedef {Object} millrace.v1.InputFolded.$Properties
             * @property {number|null} [sequence] InputFolded sequence
             * @property {string|null} [kind] InputFolded kind
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of an InputFolded.
             * @memberof millrace.v1
             * @interface IInputFolded
             * @augments millrace.v1.InputFolded.$Properties
             * @deprecated Use millrace.v1.InputFolded.$Properties instead.
             */

            /**
             * Shape of an InputFolded.
             * @typedef {millrace.v1.InputFolded.$Properties} millrace.v1.InputFolded.$Shape
             */

            /**
             * Constructs a new InputFolded.
             * @memberof millrace.v1
             * @classdesc Represents an InputFolded.
             * @constructor
             * @param {millrace.v1.InputFolded.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const InputFolded = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * InputFolded sequence.
             * @member {number} sequence
             * @memberof millrace.v1.InputFolded
             * @instance
             */
            InputFolded.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * InputFolded kind.
             * @member {string} kind
             * @memberof millrace.v1.InputFolded
             * @instance
             */
            InputFolded.prototype.kind = "";

            /**
             * Encodes the specified InputFolded message. Does not implicitly {@link millrace.v1.InputFolded.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.InputFolded
             * @static
             * @param {millrace.v1.InputFolded.$Properties} message InputFolded message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            InputFolded.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 1, wireType 0 =*/8).uint64(message.sequence);
                if (message.kind != null && $Object.hasOwnProperty.call(message, "kind") && message.kind !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.kind);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes an InputFolded message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.InputFolded
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.InputFolded & millrace.v1.InputFolded.$Shape} InputFolded
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            InputFolded.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.InputFolded();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.kind = value;
                            else
                                delete message.kind;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return InputFolded;
        })();

        v1.Parked = (function() {

            /**
             * Properties of a Parked.
             * @typedef {Object} millrace.v1.Parked.$Properties
             * @property {string|null} [reason] Parked reason
             * @property {string|null} [expected] Parked expected
             * @property {string|null} [asked] Parked asked
             * @property {string|null} [step] Parked step
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Parked.
             * @memberof millrace.v1
             * @interface IParked
             * @augments millrace.v1.Parked.$Properties
             * @deprecated Use millrace.v1.Parked.$Properties instead.
             */

            /**
             * Shape of a Parked.
             * @typedef {millrace.v1.Parked.$Properties} millrace.v1.Parked.$Shape
             */

            /**
             * Constructs a new Parked.
             * @memberof millrace.v1
             * @classdesc Represents a Parked.
             * @constructor
             * @param {millrace.v1.Parked.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Parked = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Parked reason.
             * @member {string} reason
             * @memberof millrace.v1.Parked
             * @instance
             */
            Parked.prototype.reason = "";

            /**
             * Parked expected.
             * @member {string} expected
             * @memberof millrace.v1.Parked
             * @instance
             */
            Parked.prototype.expected = "";

            /**
             * Parked asked.
             * @member {string} asked
             * @memberof millrace.v1.Parked
             * @instance
             */
            Parked.prototype.asked = "";

            /**
             * Parked step.
             * @member {string} step
             * @memberof millrace.v1.Parked
             * @instance
             */
            Parked.prototype.step = "";

            /**
             * Encodes the specified Parked message. Does not implicitly {@link millrace.v1.Parked.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Parked
             * @static
             * @param {millrace.v1.Parked.$Properties} message Parked message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Parked.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.reason);
                if (message.expected != null && $Object.hasOwnProperty.call(message, "expected") && message.expected !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.expected);
                if (message.asked != null && $Object.hasOwnProperty.call(message, "asked") && message.asked !== "")
                    writer.uint32(/* id 3, wireType 2 =*/26).string(message.asked);
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.step);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Parked message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Parked
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Parked & millrace.v1.Parked.$Shape} Parked
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Parked.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Parked();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.expected = value;
                            else
                                delete message.expected;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.asked = value;
                            else
                                delete message.asked;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Parked;
        })();

        v1.Resumed = (function() {

            /**
             * Properties of a Resumed.
             * @typedef {Object} millrace.v1.Resumed.$Properties
             * @property {Array.<string>|null} [retry] Resumed retry
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Resumed.
             * @memberof millrace.v1
             * @interface IResumed
             * @augments millrace.v1.Resumed.$Properties
             * @deprecated Use millrace.v1.Resumed.$Properties instead.
             */

            /**
             * Shape of a Resumed.
             * @typedef {millrace.v1.Resumed.$Properties} millrace.v1.Resumed.$Shape
             */

            /**
             * Constructs a new Resumed.
             * @memberof millrace.v1
             * @classdesc Represents a Resumed.
             * @constructor
             * @param {millrace.v1.Resumed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Resumed = function (properties) {
                this.retry = [];
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Resumed retry.
             * @member {Array.<string>} retry
             * @memberof millrace.v1.Resumed
             * @instance
             */
            Resumed.prototype.retry = $util.emptyArray;

            /**
             * Encodes the specified Resumed message. Does not implicitly {@link millrace.v1.Resumed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Resumed
             * @static
             * @param {millrace.v1.Resumed.$Properties} message Resumed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Resumed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.retry != null && message.retry.length)
                    for (let i = 0; i < message.retry.length; ++i)
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.retry[i]);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Resumed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Resumed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Resumed & millrace.v1.Resumed.$Shape} Resumed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Resumed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Resumed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if (!(message.retry && message.retry.length))
                                message.retry = [];
                            message.retry.push(reader.stringVerify());
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Resumed;
        })();

        v1.Completed = (function() {

            /**
             * Properties of a Completed.
             * @typedef {Object} millrace.v1.Completed.$Properties
             * @property {millrace.v1.Payload.$Properties|null} [output] Completed output
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Completed.
             * @memberof millrace.v1
             * @interface ICompleted
             * @augments millrace.v1.Completed.$Properties
             * @deprecated Use millrace.v1.Completed.$Properties instead.
             */

            /**
             * Shape of a Completed.
             * @typedef {millrace.v1.Completed.$Properties} millrace.v1.Completed.$Shape
             */

            /**
             * Constructs a new Completed.
             * @memberof millrace.v1
             * @classdesc Represents a Completed.
             * @constructor
             * @param {millrace.v1.Completed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Completed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Completed output.
             * @member {millrace.v1.Payload.$Properties|null|undefined} output
             * @memberof millrace.v1.Completed
             * @instance
             */
            Completed.prototype.output = null;

            /**
             * Encodes the specified Completed message. Does not implicitly {@link millrace.v1.Completed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Completed
             * @static
             * @param {millrace.v1.Completed.$Properties} message Completed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Completed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.output != null && $Object.hasOwnProperty.call(message, "output"))
                    $root.millrace.v1.Payload.encode(message.output, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Completed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Completed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Completed & millrace.v1.Completed.$Shape} Completed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Completed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Completed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.output = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.output);
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Completed;
        })();

        v1.Failed = (function() {

            /**
             * Properties of a Failed.
             * @typedef {Object} millrace.v1.Failed.$Properties
             * @property {millrace.v1.Payload.$Properties|null} [error] Failed error
             * @property {string|null} [step] Failed step
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Failed.
             * @memberof millrace.v1
             * @interface IFailed
             * @augments millrace.v1.Failed.$Properties
             * @deprecated Use millrace.v1.Failed.$Properties instead.
             */

            /**
             * Shape of a Failed.
             * @typedef {millrace.v1.Failed.$Properties} millrace.v1.Failed.$Shape
             */

            /**
             * Constructs a new Failed.
             * @memberof millrace.v1
             * @classdesc Represents a Failed.
             * @constructor
             * @param {millrace.v1.Failed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Failed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Failed error.
             * @member {millrace.v1.Payload.$Properties|null|undefined} error
             * @memberof millrace.v1.Failed
             * @instance
             */
            Failed.prototype.error = null;

            /**
             * Failed step.
             * @member {string} step
             * @memberof millrace.v1.Failed
             * @instance
             */
            Failed.prototype.step = "";

            /**
             * Encodes the specified Failed message. Does not implicitly {@link millrace.v1.Failed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Failed
             * @static
             * @param {millrace.v1.Failed.$Properties} message Failed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Failed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.error != null && $Object.hasOwnProperty.call(message, "error"))
                    $root.millrace.v1.Payload.encode(message.error, writer.uint32(/* id 1, wireType 2 =*/10).fork(), _depth + 1).ldelim();
                if (message.step != null && $Object.hasOwnProperty.call(message, "step") && message.step !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.step);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Failed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Failed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Failed & millrace.v1.Failed.$Shape} Failed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Failed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Failed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            message.error = $root.millrace.v1.Payload.decode(reader, reader.size(), $undefined, _depth + 1, message.error);
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.step = value;
                            else
                                delete message.step;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Failed;
        })();

        v1.Crashed = (function() {

            /**
             * Properties of a Crashed.
             * @typedef {Object} millrace.v1.Crashed.$Properties
             * @property {number|null} [crashes] Crashed crashes
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Crashed.
             * @memberof millrace.v1
             * @interface ICrashed
             * @augments millrace.v1.Crashed.$Properties
             * @deprecated Use millrace.v1.Crashed.$Properties instead.
             */

            /**
             * Shape of a Crashed.
             * @typedef {millrace.v1.Crashed.$Properties} millrace.v1.Crashed.$Shape
             */

            /**
             * Constructs a new Crashed.
             * @memberof millrace.v1
             * @classdesc Represents a Crashed.
             * @constructor
             * @param {millrace.v1.Crashed.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Crashed = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Crashed crashes.
             * @member {number} crashes
             * @memberof millrace.v1.Crashed
             * @instance
             */
            Crashed.prototype.crashes = 0;

            /**
             * Encodes the specified Crashed message. Does not implicitly {@link millrace.v1.Crashed.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Crashed
             * @static
             * @param {millrace.v1.Crashed.$Properties} message Crashed message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Crashed.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.crashes != null && $Object.hasOwnProperty.call(message, "crashes") && message.crashes !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.crashes);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Crashed message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Crashed
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Crashed & millrace.v1.Crashed.$Shape} Crashed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Crashed.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Crashed();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.crashes = value;
                            else
                                delete message.crashes;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Crashed;
        })();

        v1.Cancelled = (function() {

            /**
             * Properties of a Cancelled.
             * @typedef {Object} millrace.v1.Cancelled.$Properties
             * @property {string|null} [reason] Cancelled reason
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a Cancelled.
             * @memberof millrace.v1
             * @interface ICancelled
             * @augments millrace.v1.Cancelled.$Properties
             * @deprecated Use millrace.v1.Cancelled.$Properties instead.
             */

            /**
             * Shape of a Cancelled.
             * @typedef {millrace.v1.Cancelled.$Properties} millrace.v1.Cancelled.$Shape
             */

            /**
             * Constructs a new Cancelled.
             * @memberof millrace.v1
             * @classdesc Represents a Cancelled.
             * @constructor
             * @param {millrace.v1.Cancelled.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const Cancelled = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * Cancelled reason.
             * @member {string} reason
             * @memberof millrace.v1.Cancelled
             * @instance
             */
            Cancelled.prototype.reason = "";

            /**
             * Encodes the specified Cancelled message. Does not implicitly {@link millrace.v1.Cancelled.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.Cancelled
             * @static
             * @param {millrace.v1.Cancelled.$Properties} message Cancelled message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            Cancelled.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 1, wireType 2 =*/10).string(message.reason);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a Cancelled message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.Cancelled
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.Cancelled & millrace.v1.Cancelled.$Shape} Cancelled
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            Cancelled.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.Cancelled();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return Cancelled;
        })();

        v1.DeadLetter = (function() {

            /**
             * Properties of a DeadLetter.
             * @typedef {Object} millrace.v1.DeadLetter.$Properties
             * @property {number|null} [format] DeadLetter format
             * @property {string|null} [subject] DeadLetter subject
             * @property {number|null} [sequence] DeadLetter sequence
             * @property {string|null} [reason] DeadLetter reason
             * @property {number|null} [at] DeadLetter at
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */

            /**
             * Properties of a DeadLetter.
             * @memberof millrace.v1
             * @interface IDeadLetter
             * @augments millrace.v1.DeadLetter.$Properties
             * @deprecated Use millrace.v1.DeadLetter.$Properties instead.
             */

            /**
             * Shape of a DeadLetter.
             * @typedef {millrace.v1.DeadLetter.$Properties} millrace.v1.DeadLetter.$Shape
             */

            /**
             * Constructs a new DeadLetter.
             * @memberof millrace.v1
             * @classdesc Represents a DeadLetter.
             * @constructor
             * @param {millrace.v1.DeadLetter.$Properties=} [properties] Properties to set
             * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
             */
            const DeadLetter = function (properties) {
                if (properties)
                    for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                        if (properties[keys[i]] != null && keys[i] !== "__proto__")
                            this[keys[i]] = properties[keys[i]];
            };

            /**
             * DeadLetter format.
             * @member {number} format
             * @memberof millrace.v1.DeadLetter
             * @instance
             */
            DeadLetter.prototype.format = 0;

            /**
             * DeadLetter subject.
             * @member {string} subject
             * @memberof millrace.v1.DeadLetter
             * @instance
             */
            DeadLetter.prototype.subject = "";

            /**
             * DeadLetter sequence.
             * @member {number} sequence
             * @memberof millrace.v1.DeadLetter
             * @instance
             */
            DeadLetter.prototype.sequence = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * DeadLetter reason.
             * @member {string} reason
             * @memberof millrace.v1.DeadLetter
             * @instance
             */
            DeadLetter.prototype.reason = "";

            /**
             * DeadLetter at.
             * @member {number} at
             * @memberof millrace.v1.DeadLetter
             * @instance
             */
            DeadLetter.prototype.at = $util.Long ? $util.Long.fromBits(0,0,true) : 0;

            /**
             * Encodes the specified DeadLetter message. Does not implicitly {@link millrace.v1.DeadLetter.verify|verify} messages.
             * @function encode
             * @memberof millrace.v1.DeadLetter
             * @static
             * @param {millrace.v1.DeadLetter.$Properties} message DeadLetter message or plain object to encode
             * @param {$protobuf.Writer} [writer] Writer to encode to
             * @returns {$protobuf.Writer} Writer
             */
            DeadLetter.encode = function (message, writer, _depth) {
                if (!writer)
                    writer = $Writer.create();
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $util.recursionLimit)
                    throw $Error("max depth exceeded");
                if (message.format != null && $Object.hasOwnProperty.call(message, "format") && message.format !== 0)
                    writer.uint32(/* id 1, wireType 0 =*/8).uint32(message.format);
                if (message.subject != null && $Object.hasOwnProperty.call(message, "subject") && message.subject !== "")
                    writer.uint32(/* id 2, wireType 2 =*/18).string(message.subject);
                if (message.sequence != null && $Object.hasOwnProperty.call(message, "sequence") && (typeof message.sequence === "object" ? message.sequence.low || message.sequence.high : message.sequence !== 0))
                    writer.uint32(/* id 3, wireType 0 =*/24).uint64(message.sequence);
                if (message.reason != null && $Object.hasOwnProperty.call(message, "reason") && message.reason !== "")
                    writer.uint32(/* id 4, wireType 2 =*/34).string(message.reason);
                if (message.at != null && $Object.hasOwnProperty.call(message, "at") && (typeof message.at === "object" ? message.at.low || message.at.high : message.at !== 0))
                    writer.uint32(/* id 5, wireType 0 =*/40).uint64(message.at);
                if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                    for (let i = 0; i < message.$unknowns.length; ++i)
                        writer.raw(message.$unknowns[i]);
                return writer;
            };

            /**
             * Decodes a DeadLetter message from the specified reader or buffer.
             * @function decode
             * @memberof millrace.v1.DeadLetter
             * @static
             * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
             * @param {number} [length] Message length if known beforehand
             * @returns {millrace.v1.DeadLetter & millrace.v1.DeadLetter.$Shape} DeadLetter
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            DeadLetter.decode = function (reader, length, _end, _depth, _target) {
                if (!(reader instanceof $Reader))
                    reader = $Reader.create(reader);
                if (_depth === $undefined)
                    _depth = 0;
                if (_depth > $Reader.recursionLimit)
                    throw $Error("max depth exceeded");
                let end, message, value;
                if (length === $undefined)
                    end = reader.len;
                else {
                    end = reader.pos + length;
                    if (end > reader.len)
                        throw $RangeError("index out of range");
                    length = reader.len;
                    reader.len = end;
                }
                message = _target || new $root.millrace.v1.DeadLetter();
                while (reader.pos < end) {
                    let start = reader.pos;
                    let tag = reader.tag();
                    if (tag === _end) {
                        _end = $undefined;
                        break;
                    }
                    let wireType = tag & 7;
                    switch (tag >>>= 3) {
                    case 1: {
                            if (wireType !== 0)
                                break;
                            if (value = reader.uint32())
                                message.format = value;
                            else
                                delete message.format;
                            continue;
                        }
                    case 2: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.subject = value;
                            else
                                delete message.subject;
                            continue;
                        }
                    case 3: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.sequence = value;
                            else
                                delete message.sequence;
                            continue;
                        }
                    case 4: {
                            if (wireType !== 2)
                                break;
                            if ((value = reader.stringVerify()).length)
                                message.reason = value;
                            else
                                delete message.reason;
                            continue;
                        }
                    case 5: {
                            if (wireType !== 0)
                                break;
                            if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)
                                message.at = value;
                            else
                                delete message.at;
                            continue;
                        }
                    }
                    reader.skipType(wireType, _depth, tag);
                    if (!reader.discardUnknown) {
                        $util.makeProp(message, "$unknowns", false);
                        (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                    }
                }
                if (length !== $undefined) {
                    if (reader.pos !== end)
                        throw $RangeError("index out of range");
                    reader.len = length;
                }
                if (_end !== $undefined)
                    throw $Error("missing end group");
                return message;
            };

            return DeadLetter;
        })();

        return v1;
    })();

    return millrace;
})();

export {
  $root as default
};

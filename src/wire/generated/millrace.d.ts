import * as $protobuf from "protobufjs";
import Long = require("long");

/** Namespace millrace. */
export namespace millrace {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a Payload.
         * @deprecated Use millrace.v1.Payload.$Properties instead.
         */
        interface IPayload extends millrace.v1.Payload.$Properties {
        }

        /** Represents a Payload. */
        class Payload {

            /**
             * Constructs a new Payload.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Payload.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Payload encoding. */
            encoding: string;

            /** Payload data. */
            data: Uint8Array;

            /**
             * Encodes the specified Payload message. Does not implicitly {@link millrace.v1.Payload.verify|verify} messages.
             * @param message Payload message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Payload.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Payload message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Payload & millrace.v1.Payload.$Shape} Payload
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Payload & millrace.v1.Payload.$Shape;
        }

        namespace Payload {

            /** Properties of a Payload. */
            interface $Properties {

                /** Payload encoding */
                encoding?: (string|null);

                /** Payload data */
                data?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Payload. */
            type $Shape = millrace.v1.Payload.$Properties;
        }

        /**
         * Properties of a Submission.
         * @deprecated Use millrace.v1.Submission.$Properties instead.
         */
        interface ISubmission extends millrace.v1.Submission.$Properties {
        }

        /** Represents a Submission. */
        class Submission {

            /**
             * Constructs a new Submission.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Submission.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Submission format. */
            format: number;

            /** Submission runId. */
            runId: string;

            /** Submission queue. */
            queue: string;

            /** Submission submissionId. */
            submissionId: string;

            /** Submission input. */
            input?: (millrace.v1.Payload.$Properties|null);

            /** Submission tags. */
            tags: string[];

            /** Submission metadata. */
            metadata: { [k: string]: string };

            /** Submission submittedAt. */
            submittedAt: number;

            /** Submission replyTo. */
            replyTo: string;

            /**
             * Encodes the specified Submission message. Does not implicitly {@link millrace.v1.Submission.verify|verify} messages.
             * @param message Submission message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Submission.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Submission message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Submission & millrace.v1.Submission.$Shape} Submission
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Submission & millrace.v1.Submission.$Shape;
        }

        namespace Submission {

            /** Properties of a Submission. */
            interface $Properties {

                /** Submission format */
                format?: (number|null);

                /** Submission runId */
                runId?: (string|null);

                /** Submission queue */
                queue?: (string|null);

                /** Submission submissionId */
                submissionId?: (string|null);

                /** Submission input */
                input?: (millrace.v1.Payload.$Properties|null);

                /** Submission tags */
                tags?: (string[]|null);

                /** Submission metadata */
                metadata?: ({ [k: string]: string }|null);

                /** Submission submittedAt */
                submittedAt?: (number|null);

                /** Submission replyTo */
                replyTo?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Submission. */
            type $Shape = millrace.v1.Submission.$Properties;
        }

        /**
         * Properties of an Input.
         * @deprecated Use millrace.v1.Input.$Properties instead.
         */
        interface IInput extends millrace.v1.Input.$Properties {
        }

        /** Represents an Input. */
        class Input {

            /**
             * Constructs a new Input.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Input.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Input format. */
            format: number;

            /** Input inputId. */
            inputId: string;

            /** Input sentAt. */
            sentAt: number;

            /** Input wake. */
            wake?: (millrace.v1.Wake.$Properties|null);

            /** Input body. */
            body?: "wake";

            /**
             * Encodes the specified Input message. Does not implicitly {@link millrace.v1.Input.verify|verify} messages.
             * @param message Input message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Input.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Input message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Input & millrace.v1.Input.$Shape} Input
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Input & millrace.v1.Input.$Shape;
        }

        namespace Input {

            /** Properties of an Input. */
            interface $Properties {

                /** Input format */
                format?: (number|null);

                /** Input inputId */
                inputId?: (string|null);

                /** Input sentAt */
                sentAt?: (number|null);

                /** Input wake */
                wake?: (millrace.v1.Wake.$Properties|null);

                /** Input body */
                body?: "wake";

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an Input. */
            type $Shape = {
              format?: number|null;
              inputId?: string|null;
              sentAt?: number|null;
              wake?: millrace.v1.Wake.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; wake?: null }|{ body?: "wake"; wake: millrace.v1.Wake.$Shape })
            );
        }

        /**
         * Properties of a Wake.
         * @deprecated Use millrace.v1.Wake.$Properties instead.
         */
        interface IWake extends millrace.v1.Wake.$Properties {
        }

        /** Represents a Wake. */
        class Wake {

            /**
             * Constructs a new Wake.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Wake.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Wake replaces. */
            replaces: number[];

            /** Wake resume. */
            resume: boolean;

            /** Wake queue. */
            queue: string;

            /**
             * Encodes the specified Wake message. Does not implicitly {@link millrace.v1.Wake.verify|verify} messages.
             * @param message Wake message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Wake.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Wake message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Wake & millrace.v1.Wake.$Shape} Wake
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Wake & millrace.v1.Wake.$Shape;
        }

        namespace Wake {

            /** Properties of a Wake. */
            interface $Properties {

                /** Wake replaces */
                replaces?: (number[]|null);

                /** Wake resume */
                resume?: (boolean|null);

                /** Wake queue */
                queue?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Wake. */
            type $Shape = millrace.v1.Wake.$Properties;
        }

        /** RunStatus enum. */
        enum RunStatus {

            /** RUN_STATUS_UNSPECIFIED value */
            RUN_STATUS_UNSPECIFIED = 0,

            /** RUNNING value */
            RUNNING = 1,

            /** AWAITING_RETRY value */
            AWAITING_RETRY = 2,

            /** CANCELLING value */
            CANCELLING = 3,

            /** SUSPENDED value */
            SUSPENDED = 4,

            /** RELEASED value */
            RELEASED = 5,

            /** PARKED value */
            PARKED = 6,

            /** COMPLETED value */
            COMPLETED = 7,

            /** FAILED value */
            FAILED = 8,

            /** CRASHED value */
            CRASHED = 9,

            /** CANCELLED value */
            CANCELLED = 10
        }

        /**
         * Properties of a Frame.
         * @deprecated Use millrace.v1.Frame.$Properties instead.
         */
        interface IFrame extends millrace.v1.Frame.$Properties {
        }

        /** Represents a Frame. */
        class Frame {

            /**
             * Constructs a new Frame.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Frame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Frame format. */
            format: number;

            /** Frame prev. */
            prev: number;

            /** Frame epoch. */
            epoch: number;

            /** Frame writer. */
            writer: string;

            /** Frame status. */
            status: millrace.v1.RunStatus;

            /** Frame inboxFolded. */
            inboxFolded: number;

            /** Frame token. */
            token: number;

            /** Frame queue. */
            queue: string;

            /** Frame events. */
            events: millrace.v1.Event.$Properties[];

            /**
             * Encodes the specified Frame message. Does not implicitly {@link millrace.v1.Frame.verify|verify} messages.
             * @param message Frame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Frame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Frame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Frame & millrace.v1.Frame.$Shape} Frame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Frame & millrace.v1.Frame.$Shape;
        }

        namespace Frame {

            /** Properties of a Frame. */
            interface $Properties {

                /** Frame format */
                format?: (number|null);

                /** Frame prev */
                prev?: (number|null);

                /** Frame epoch */
                epoch?: (number|null);

                /** Frame writer */
                writer?: (string|null);

                /** Frame status */
                status?: (millrace.v1.RunStatus|null);

                /** Frame inboxFolded */
                inboxFolded?: (number|null);

                /** Frame token */
                token?: (number|null);

                /** Frame queue */
                queue?: (string|null);

                /** Frame events */
                events?: (millrace.v1.Event.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Frame. */
            type $Shape = {
              format?: number|null;
              prev?: number|null;
              epoch?: number|null;
              writer?: string|null;
              status?: millrace.v1.RunStatus|null;
              inboxFolded?: number|null;
              token?: number|null;
              queue?: string|null;
              events?: millrace.v1.Event.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of an Event.
         * @deprecated Use millrace.v1.Event.$Properties instead.
         */
        interface IEvent extends millrace.v1.Event.$Properties {
        }

        /** Represents an Event. */
        class Event {

            /**
             * Constructs a new Event.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Event.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Event at. */
            at: number;

            /** Event activated. */
            activated?: (millrace.v1.Activated.$Properties|null);

            /** Event released. */
            released?: (millrace.v1.Released.$Properties|null);

            /** Event stepStarted. */
            stepStarted?: (millrace.v1.StepStarted.$Properties|null);

            /** Event stepAttemptFailed. */
            stepAttemptFailed?: (millrace.v1.StepAttemptFailed.$Properties|null);

            /** Event stepCompleted. */
            stepCompleted?: (millrace.v1.StepCompleted.$Properties|null);

            /** Event stepFailed. */
            stepFailed?: (millrace.v1.StepFailed.$Properties|null);

            /** Event timerSet. */
            timerSet?: (millrace.v1.TimerSet.$Properties|null);

            /** Event timerFired. */
            timerFired?: (millrace.v1.TimerFired.$Properties|null);

            /** Event inputFolded. */
            inputFolded?: (millrace.v1.InputFolded.$Properties|null);

            /** Event parked. */
            parked?: (millrace.v1.Parked.$Properties|null);

            /** Event resumed. */
            resumed?: (millrace.v1.Resumed.$Properties|null);

            /** Event completed. */
            completed?: (millrace.v1.Completed.$Properties|null);

            /** Event failed. */
            failed?: (millrace.v1.Failed.$Properties|null);

            /** Event crashed. */
            crashed?: (millrace.v1.Crashed.$Properties|null);

            /** Event cancelled. */
            cancelled?: (millrace.v1.Cancelled.$Properties|null);

            /** Event body. */
            body?: ("activated"|"released"|"stepStarted"|"stepAttemptFailed"|"stepCompleted"|"stepFailed"|"timerSet"|"timerFired"|"inputFolded"|"parked"|"resumed"|"completed"|"failed"|"crashed"|"cancelled");

            /**
             * Encodes the specified Event message. Does not implicitly {@link millrace.v1.Event.verify|verify} messages.
             * @param message Event message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Event.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Event message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Event & millrace.v1.Event.$Shape} Event
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Event & millrace.v1.Event.$Shape;
        }

        namespace Event {

            /** Properties of an Event. */
            interface $Properties {

                /** Event at */
                at?: (number|null);

                /** Event activated */
                activated?: (millrace.v1.Activated.$Properties|null);

                /** Event released */
                released?: (millrace.v1.Released.$Properties|null);

                /** Event stepStarted */
                stepStarted?: (millrace.v1.StepStarted.$Properties|null);

                /** Event stepAttemptFailed */
                stepAttemptFailed?: (millrace.v1.StepAttemptFailed.$Properties|null);

                /** Event stepCompleted */
                stepCompleted?: (millrace.v1.StepCompleted.$Properties|null);

                /** Event stepFailed */
                stepFailed?: (millrace.v1.StepFailed.$Properties|null);

                /** Event timerSet */
                timerSet?: (millrace.v1.TimerSet.$Properties|null);

                /** Event timerFired */
                timerFired?: (millrace.v1.TimerFired.$Properties|null);

                /** Event inputFolded */
                inputFolded?: (millrace.v1.InputFolded.$Properties|null);

                /** Event parked */
                parked?: (millrace.v1.Parked.$Properties|null);

                /** Event resumed */
                resumed?: (millrace.v1.Resumed.$Properties|null);

                /** Event completed */
                completed?: (millrace.v1.Completed.$Properties|null);

                /** Event failed */
                failed?: (millrace.v1.Failed.$Properties|null);

                /** Event crashed */
                crashed?: (millrace.v1.Crashed.$Properties|null);

                /** Event cancelled */
                cancelled?: (millrace.v1.Cancelled.$Properties|null);

                /** Event body */
                body?: ("activated"|"released"|"stepStarted"|"stepAttemptFailed"|"stepCompleted"|"stepFailed"|"timerSet"|"timerFired"|"inputFolded"|"parked"|"resumed"|"completed"|"failed"|"crashed"|"cancelled");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of an Event. */
            type $Shape = {
              at?: number|null;
              activated?: millrace.v1.Activated.$Shape|null;
              released?: millrace.v1.Released.$Shape|null;
              stepStarted?: millrace.v1.StepStarted.$Shape|null;
              stepAttemptFailed?: millrace.v1.StepAttemptFailed.$Shape|null;
              stepCompleted?: millrace.v1.StepCompleted.$Shape|null;
              stepFailed?: millrace.v1.StepFailed.$Shape|null;
              timerSet?: millrace.v1.TimerSet.$Shape|null;
              timerFired?: millrace.v1.TimerFired.$Shape|null;
              inputFolded?: millrace.v1.InputFolded.$Shape|null;
              parked?: millrace.v1.Parked.$Shape|null;
              resumed?: millrace.v1.Resumed.$Shape|null;
              completed?: millrace.v1.Completed.$Shape|null;
              failed?: millrace.v1.Failed.$Shape|null;
              crashed?: millrace.v1.Crashed.$Shape|null;
              cancelled?: millrace.v1.Cancelled.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "activated"; activated: millrace.v1.Activated.$Shape; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "released"; activated?: null; released: millrace.v1.Released.$Shape; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepStarted"; activated?: null; released?: null; stepStarted: millrace.v1.StepStarted.$Shape; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepAttemptFailed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed: millrace.v1.StepAttemptFailed.$Shape; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepCompleted"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted: millrace.v1.StepCompleted.$Shape; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "stepFailed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed: millrace.v1.StepFailed.$Shape; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "timerSet"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet: millrace.v1.TimerSet.$Shape; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "timerFired"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired: millrace.v1.TimerFired.$Shape; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "inputFolded"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded: millrace.v1.InputFolded.$Shape; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "parked"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked: millrace.v1.Parked.$Shape; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "resumed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed: millrace.v1.Resumed.$Shape; completed?: null; failed?: null; crashed?: null; cancelled?: null }|{ body?: "completed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed: millrace.v1.Completed.$Shape; failed?: null; crashed?: null; cancelled?: null }|{ body?: "failed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed: millrace.v1.Failed.$Shape; crashed?: null; cancelled?: null }|{ body?: "crashed"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed: millrace.v1.Crashed.$Shape; cancelled?: null }|{ body?: "cancelled"; activated?: null; released?: null; stepStarted?: null; stepAttemptFailed?: null; stepCompleted?: null; stepFailed?: null; timerSet?: null; timerFired?: null; inputFolded?: null; parked?: null; resumed?: null; completed?: null; failed?: null; crashed?: null; cancelled: millrace.v1.Cancelled.$Shape })
            );
        }

        /**
         * Properties of an Activated.
         * @deprecated Use millrace.v1.Activated.$Properties instead.
         */
        interface IActivated extends millrace.v1.Activated.$Properties {
        }

        /** Represents an Activated. */
        class Activated {

            /**
             * Constructs a new Activated.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Activated.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Activated epoch. */
            epoch: number;

            /** Activated worker. */
            worker: string;

            /** Activated token. */
            token: number;

            /** Activated reason. */
            reason: string;

            /**
             * Encodes the specified Activated message. Does not implicitly {@link millrace.v1.Activated.verify|verify} messages.
             * @param message Activated message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Activated.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Activated message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Activated & millrace.v1.Activated.$Shape} Activated
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Activated & millrace.v1.Activated.$Shape;
        }

        namespace Activated {

            /** Properties of an Activated. */
            interface $Properties {

                /** Activated epoch */
                epoch?: (number|null);

                /** Activated worker */
                worker?: (string|null);

                /** Activated token */
                token?: (number|null);

                /** Activated reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Activated. */
            type $Shape = millrace.v1.Activated.$Properties;
        }

        /**
         * Properties of a Released.
         * @deprecated Use millrace.v1.Released.$Properties instead.
         */
        interface IReleased extends millrace.v1.Released.$Properties {
        }

        /** Represents a Released. */
        class Released {

            /**
             * Constructs a new Released.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Released.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified Released message. Does not implicitly {@link millrace.v1.Released.verify|verify} messages.
             * @param message Released message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Released.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Released message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Released & millrace.v1.Released.$Shape} Released
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Released & millrace.v1.Released.$Shape;
        }

        namespace Released {

            /** Properties of a Released. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Released. */
            type $Shape = millrace.v1.Released.$Properties;
        }

        /**
         * Properties of a StepStarted.
         * @deprecated Use millrace.v1.StepStarted.$Properties instead.
         */
        interface IStepStarted extends millrace.v1.StepStarted.$Properties {
        }

        /** Represents a StepStarted. */
        class StepStarted {

            /**
             * Constructs a new StepStarted.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.StepStarted.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StepStarted step. */
            step: string;

            /** StepStarted attempt. */
            attempt: number;

            /**
             * Encodes the specified StepStarted message. Does not implicitly {@link millrace.v1.StepStarted.verify|verify} messages.
             * @param message StepStarted message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.StepStarted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StepStarted message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.StepStarted & millrace.v1.StepStarted.$Shape} StepStarted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.StepStarted & millrace.v1.StepStarted.$Shape;
        }

        namespace StepStarted {

            /** Properties of a StepStarted. */
            interface $Properties {

                /** StepStarted step */
                step?: (string|null);

                /** StepStarted attempt */
                attempt?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StepStarted. */
            type $Shape = millrace.v1.StepStarted.$Properties;
        }

        /**
         * Properties of a StepAttemptFailed.
         * @deprecated Use millrace.v1.StepAttemptFailed.$Properties instead.
         */
        interface IStepAttemptFailed extends millrace.v1.StepAttemptFailed.$Properties {
        }

        /** Represents a StepAttemptFailed. */
        class StepAttemptFailed {

            /**
             * Constructs a new StepAttemptFailed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.StepAttemptFailed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StepAttemptFailed step. */
            step: string;

            /** StepAttemptFailed attempt. */
            attempt: number;

            /** StepAttemptFailed startedAt. */
            startedAt: number;

            /** StepAttemptFailed error. */
            error?: (millrace.v1.Payload.$Properties|null);

            /** StepAttemptFailed retryAt. */
            retryAt: number;

            /**
             * Encodes the specified StepAttemptFailed message. Does not implicitly {@link millrace.v1.StepAttemptFailed.verify|verify} messages.
             * @param message StepAttemptFailed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.StepAttemptFailed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StepAttemptFailed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.StepAttemptFailed & millrace.v1.StepAttemptFailed.$Shape} StepAttemptFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.StepAttemptFailed & millrace.v1.StepAttemptFailed.$Shape;
        }

        namespace StepAttemptFailed {

            /** Properties of a StepAttemptFailed. */
            interface $Properties {

                /** StepAttemptFailed step */
                step?: (string|null);

                /** StepAttemptFailed attempt */
                attempt?: (number|null);

                /** StepAttemptFailed startedAt */
                startedAt?: (number|null);

                /** StepAttemptFailed error */
                error?: (millrace.v1.Payload.$Properties|null);

                /** StepAttemptFailed retryAt */
                retryAt?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StepAttemptFailed. */
            type $Shape = millrace.v1.StepAttemptFailed.$Properties;
        }

        /**
         * Properties of a StepCompleted.
         * @deprecated Use millrace.v1.StepCompleted.$Properties instead.
         */
        interface IStepCompleted extends millrace.v1.StepCompleted.$Properties {
        }

        /** Represents a StepCompleted. */
        class StepCompleted {

            /**
             * Constructs a new StepCompleted.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.StepCompleted.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StepCompleted step. */
            step: string;

            /** StepCompleted attempt. */
            attempt: number;

            /** StepCompleted startedAt. */
            startedAt: number;

            /** StepCompleted output. */
            output?: (millrace.v1.Payload.$Properties|null);

            /**
             * Encodes the specified StepCompleted message. Does not implicitly {@link millrace.v1.StepCompleted.verify|verify} messages.
             * @param message StepCompleted message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.StepCompleted.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StepCompleted message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.StepCompleted & millrace.v1.StepCompleted.$Shape} StepCompleted
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.StepCompleted & millrace.v1.StepCompleted.$Shape;
        }

        namespace StepCompleted {

            /** Properties of a StepCompleted. */
            interface $Properties {

                /** StepCompleted step */
                step?: (string|null);

                /** StepCompleted attempt */
                attempt?: (number|null);

                /** StepCompleted startedAt */
                startedAt?: (number|null);

                /** StepCompleted output */
                output?: (millrace.v1.Payload.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StepCompleted. */
            type $Shape = millrace.v1.StepCompleted.$Properties;
        }

        /**
         * Properties of a StepFailed.
         * @deprecated Use millrace.v1.StepFailed.$Properties instead.
         */
        interface IStepFailed extends millrace.v1.StepFailed.$Properties {
        }

        /** Represents a StepFailed. */
        class StepFailed {

            /**
             * Constructs a new StepFailed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.StepFailed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StepFailed step. */
            step: string;

            /** StepFailed attempt. */
            attempt: number;

            /** StepFailed startedAt. */
            startedAt: number;

            /** StepFailed error. */
            error?: (millrace.v1.Payload.$Properties|null);

            /**
             * Encodes the specified StepFailed message. Does not implicitly {@link millrace.v1.StepFailed.verify|verify} messages.
             * @param message StepFailed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.StepFailed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StepFailed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.StepFailed & millrace.v1.StepFailed.$Shape} StepFailed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.StepFailed & millrace.v1.StepFailed.$Shape;
        }

        namespace StepFailed {

            /** Properties of a StepFailed. */
            interface $Properties {

                /** StepFailed step */
                step?: (string|null);

                /** StepFailed attempt */
                attempt?: (number|null);

                /** StepFailed startedAt */
                startedAt?: (number|null);

                /** StepFailed error */
                error?: (millrace.v1.Payload.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StepFailed. */
            type $Shape = millrace.v1.StepFailed.$Properties;
        }

        /**
         * Properties of a TimerSet.
         * @deprecated Use millrace.v1.TimerSet.$Properties instead.
         */
        interface ITimerSet extends millrace.v1.TimerSet.$Properties {
        }

        /** Represents a TimerSet. */
        class TimerSet {

            /**
             * Constructs a new TimerSet.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.TimerSet.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TimerSet timer. */
            timer: string;

            /** TimerSet fireAt. */
            fireAt: number;

            /**
             * Encodes the specified TimerSet message. Does not implicitly {@link millrace.v1.TimerSet.verify|verify} messages.
             * @param message TimerSet message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.TimerSet.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TimerSet message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.TimerSet & millrace.v1.TimerSet.$Shape} TimerSet
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.TimerSet & millrace.v1.TimerSet.$Shape;
        }

        namespace TimerSet {

            /** Properties of a TimerSet. */
            interface $Properties {

                /** TimerSet timer */
                timer?: (string|null);

                /** TimerSet fireAt */
                fireAt?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TimerSet. */
            type $Shape = millrace.v1.TimerSet.$Properties;
        }

        /**
         * Properties of a TimerFired.
         * @deprecated Use millrace.v1.TimerFired.$Properties instead.
         */
        interface ITimerFired extends millrace.v1.TimerFired.$Properties {
        }

        /** Represents a TimerFired. */
        class TimerFired {

            /**
             * Constructs a new TimerFired.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.TimerFired.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TimerFired timer. */
            timer: string;

            /**
             * Encodes the specified TimerFired message. Does not implicitly {@link millrace.v1.TimerFired.verify|verify} messages.
             * @param message TimerFired message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.TimerFired.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TimerFired message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.TimerFired & millrace.v1.TimerFired.$Shape} TimerFired
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.TimerFired & millrace.v1.TimerFired.$Shape;
        }

        namespace TimerFired {

            /** Properties of a TimerFired. */
            interface $Properties {

                /** TimerFired timer */
                timer?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TimerFired. */
            type $Shape = millrace.v1.TimerFired.$Properties;
        }

        /**
         * Properties of an InputFolded.
         * @deprecated Use millrace.v1.InputFolded.$Properties instead.
         */
        interface IInputFolded extends millrace.v1.InputFolded.$Properties {
        }

        /** Represents an InputFolded. */
        class InputFolded {

            /**
             * Constructs a new InputFolded.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.InputFolded.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** InputFolded sequence. */
            sequence: number;

            /** InputFolded kind. */
            kind: string;

            /**
             * Encodes the specified InputFolded message. Does not implicitly {@link millrace.v1.InputFolded.verify|verify} messages.
             * @param message InputFolded message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.InputFolded.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an InputFolded message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.InputFolded & millrace.v1.InputFolded.$Shape} InputFolded
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.InputFolded & millrace.v1.InputFolded.$Shape;
        }

        namespace InputFolded {

            /** Properties of an InputFolded. */
            interface $Properties {

                /** InputFolded sequence */
                sequence?: (number|null);

                /** InputFolded kind */
                kind?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an InputFolded. */
            type $Shape = millrace.v1.InputFolded.$Properties;
        }

        /**
         * Properties of a Parked.
         * @deprecated Use millrace.v1.Parked.$Properties instead.
         */
        interface IParked extends millrace.v1.Parked.$Properties {
        }

        /** Represents a Parked. */
        class Parked {

            /**
             * Constructs a new Parked.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Parked.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Parked reason. */
            reason: string;

            /** Parked expected. */
            expected: string;

            /** Parked asked. */
            asked: string;

            /** Parked step. */
            step: string;

            /**
             * Encodes the specified Parked message. Does not implicitly {@link millrace.v1.Parked.verify|verify} messages.
             * @param message Parked message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Parked.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Parked message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Parked & millrace.v1.Parked.$Shape} Parked
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Parked & millrace.v1.Parked.$Shape;
        }

        namespace Parked {

            /** Properties of a Parked. */
            interface $Properties {

                /** Parked reason */
                reason?: (string|null);

                /** Parked expected */
                expected?: (string|null);

                /** Parked asked */
                asked?: (string|null);

                /** Parked step */
                step?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Parked. */
            type $Shape = millrace.v1.Parked.$Properties;
        }

        /**
         * Properties of a Resumed.
         * @deprecated Use millrace.v1.Resumed.$Properties instead.
         */
        interface IResumed extends millrace.v1.Resumed.$Properties {
        }

        /** Represents a Resumed. */
        class Resumed {

            /**
             * Constructs a new Resumed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Resumed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Resumed retry. */
            retry: string[];

            /**
             * Encodes the specified Resumed message. Does not implicitly {@link millrace.v1.Resumed.verify|verify} messages.
             * @param message Resumed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Resumed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Resumed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Resumed & millrace.v1.Resumed.$Shape} Resumed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Resumed & millrace.v1.Resumed.$Shape;
        }

        namespace Resumed {

            /** Properties of a Resumed. */
            interface $Properties {

                /** Resumed retry */
                retry?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Resumed. */
            type $Shape = millrace.v1.Resumed.$Properties;
        }

        /**
         * Properties of a Completed.
         * @deprecated Use millrace.v1.Completed.$Properties instead.
         */
        interface ICompleted extends millrace.v1.Completed.$Properties {
        }

        /** Represents a Completed. */
        class Completed {

            /**
             * Constructs a new Completed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Completed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Completed output. */
            output?: (millrace.v1.Payload.$Properties|null);

            /**
             * Encodes the specified Completed message. Does not implicitly {@link millrace.v1.Completed.verify|verify} messages.
             * @param message Completed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Completed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Completed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Completed & millrace.v1.Completed.$Shape} Completed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Completed & millrace.v1.Completed.$Shape;
        }

        namespace Completed {

            /** Properties of a Completed. */
            interface $Properties {

                /** Completed output */
                output?: (millrace.v1.Payload.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Completed. */
            type $Shape = millrace.v1.Completed.$Properties;
        }

        /**
         * Properties of a Failed.
         * @deprecated Use millrace.v1.Failed.$Properties instead.
         */
        interface IFailed extends millrace.v1.Failed.$Properties {
        }

        /** Represents a Failed. */
        class Failed {

            /**
             * Constructs a new Failed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Failed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Failed error. */
            error?: (millrace.v1.Payload.$Properties|null);

            /** Failed step. */
            step: string;

            /**
             * Encodes the specified Failed message. Does not implicitly {@link millrace.v1.Failed.verify|verify} messages.
             * @param message Failed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Failed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Failed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Failed & millrace.v1.Failed.$Shape} Failed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Failed & millrace.v1.Failed.$Shape;
        }

        namespace Failed {

            /** Properties of a Failed. */
            interface $Properties {

                /** Failed error */
                error?: (millrace.v1.Payload.$Properties|null);

                /** Failed step */
                step?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Failed. */
            type $Shape = millrace.v1.Failed.$Properties;
        }

        /**
         * Properties of a Crashed.
         * @deprecated Use millrace.v1.Crashed.$Properties instead.
         */
        interface ICrashed extends millrace.v1.Crashed.$Properties {
        }

        /** Represents a Crashed. */
        class Crashed {

            /**
             * Constructs a new Crashed.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Crashed.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Crashed crashes. */
            crashes: number;

            /**
             * Encodes the specified Crashed message. Does not implicitly {@link millrace.v1.Crashed.verify|verify} messages.
             * @param message Crashed message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Crashed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Crashed message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Crashed & millrace.v1.Crashed.$Shape} Crashed
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Crashed & millrace.v1.Crashed.$Shape;
        }

        namespace Crashed {

            /** Properties of a Crashed. */
            interface $Properties {

                /** Crashed crashes */
                crashes?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Crashed. */
            type $Shape = millrace.v1.Crashed.$Properties;
        }

        /**
         * Properties of a Cancelled.
         * @deprecated Use millrace.v1.Cancelled.$Properties instead.
         */
        interface ICancelled extends millrace.v1.Cancelled.$Properties {
        }

        /** Represents a Cancelled. */
        class Cancelled {

            /**
             * Constructs a new Cancelled.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.Cancelled.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Cancelled reason. */
            reason: string;

            /**
             * Encodes the specified Cancelled message. Does not implicitly {@link millrace.v1.Cancelled.verify|verify} messages.
             * @param message Cancelled message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.Cancelled.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Cancelled message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.Cancelled & millrace.v1.Cancelled.$Shape} Cancelled
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.Cancelled & millrace.v1.Cancelled.$Shape;
        }

        namespace Cancelled {

            /** Properties of a Cancelled. */
            interface $Properties {

                /** Cancelled reason */
                reason?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Cancelled. */
            type $Shape = millrace.v1.Cancelled.$Properties;
        }

        /**
         * Properties of a DeadLetter.
         * @deprecated Use millrace.v1.DeadLetter.$Properties instead.
         */
        interface IDeadLetter extends millrace.v1.DeadLetter.$Properties {
        }

        /** Represents a DeadLetter. */
        class DeadLetter {

            /**
             * Constructs a new DeadLetter.
             * @param [properties] Properties to set
             */
            constructor(properties?: millrace.v1.DeadLetter.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DeadLetter format. */
            format: number;

            /** DeadLetter subject. */
            subject: string;

            /** DeadLetter sequence. */
            sequence: number;

            /** DeadLetter reason. */
            reason: string;

            /** DeadLetter at. */
            at: number;

            /**
             * Encodes the specified DeadLetter message. Does not implicitly {@link millrace.v1.DeadLetter.verify|verify} messages.
             * @param message DeadLetter message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: millrace.v1.DeadLetter.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DeadLetter message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {millrace.v1.DeadLetter & millrace.v1.DeadLetter.$Shape} DeadLetter
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): millrace.v1.DeadLetter & millrace.v1.DeadLetter.$Shape;
        }

        namespace DeadLetter {

            /** Properties of a DeadLetter. */
            interface $Properties {

                /** DeadLetter format */
                format?: (number|null);

                /** DeadLetter subject */
                subject?: (string|null);

                /** DeadLetter sequence */
                sequence?: (number|null);

                /** DeadLetter reason */
                reason?: (string|null);

                /** DeadLetter at */
                at?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DeadLetter. */
            type $Shape = millrace.v1.DeadLetter.$Properties;
        }
    }
}

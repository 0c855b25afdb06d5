select
    tenant_id,
    business_day,
    radist_chat_id,
    radist_message_id,
    case when direction in ('inbound', 'outbound') then direction else 'other' end as direction,
    coalesce({{ blank_to_null("payload ->> 'message_type'") }}, 'other') as message_type,
    -- The words of a message, wherever its type keeps them: a text, a template's body, a caption.
    coalesce(
        {{ blank_to_null("payload #>> '{text,text}'") }},
        case
            when jsonb_typeof(payload -> 'text') = 'string' then {{ blank_to_null("payload ->> 'text'") }}
        end,
        {{ blank_to_null("payload #>> '{waba_interactive,body,text}'") }},
        {{ blank_to_null("payload #>> '{waba_template,body,text}'") }},
        {{ blank_to_null("payload #>> '{image,caption}'") }},
        {{ blank_to_null("payload #>> '{video,caption}'") }},
        {{ blank_to_null("payload #>> '{file,caption}'") }},
        {{ blank_to_null("payload #>> '{audio,caption}'") }},
        {{ blank_to_null("payload #>> '{voice,caption}'") }}
    ) as message_text,
    created_at as sent_at
from {{ source('raw', 'radist_messages') }}

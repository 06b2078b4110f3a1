{# Parse the payload once, into the fields that are named; a missing field is null. #}
{% macro payload_as(fields) -%}
    from_json(payload, '{{ tojson(fields) }}')
{%- endmacro %}

{#
    The newest load that is already in this model. Whatever later loads touch is rebuilt as a whole:
    late events are normal, so event time says nothing about what is new.
#}
{% macro since_load_id() -%}
    {%- if is_incremental() -%} {{ var('since_load_id') | int }} {%- else -%} 0 {%- endif -%}
{%- endmacro %}

#include "option.h"

#include "handle.h"
#include "js.h"
#include "os.h"

/* setOption(id, option, value): `option` is an enum uvnet_os_option. */
napi_value uvnet_js_set_option(napi_env napi, napi_callback_info info) {
  napi_value argv[3];
  napi_value result;
  int32_t option;
  int32_t value;
  uv_os_fd_t fd;
  int err;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 3, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "option", &option) ||
      !js_int32(napi, argv[2], "value", &value))
    return NULL;
  err = uv_fileno(&handle->uv.handle, &fd);
  if (err == 0)
    err = uvnet_os_set_option(fd, (enum uvnet_os_option)option, value);
  return js_int(napi, err);
}

/* getOption(id, option): its value, or a negative error. */
napi_value uvnet_js_get_option(napi_env napi, napi_callback_info info) {
  napi_value argv[2];
  napi_value result;
  int32_t option;
  uv_os_fd_t fd;
  int value;
  int err;
  struct uvnet_handle *handle =
      uvnet_handle_argument(napi, info, 2, argv, &result);

  if (handle == NULL)
    return result;
  if (!js_int32(napi, argv[1], "option", &option))
    return NULL;
  err = uv_fileno(&handle->uv.handle, &fd);
  if (err == 0)
    err = uvnet_os_get_option(fd, (enum uvnet_os_option)option, &value);
  return js_int(napi, err == 0 ? value : err);
}
